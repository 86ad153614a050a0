// Error numbers of WASI preview 1 that this host answers with.

export const ERRNO = {
  success: 0,
  badDescriptor: 8,
  fault: 21,
  invalid: 28,
  tooLarge: 22,
  noSpace: 51,
  notImplemented: 52,
  notDirectory: 54,
  notSocket: 57,
  notSupported: 58,
  notSeekable: 70,
} as const;
