// The system calls that an executor may make, as the kernel's own filter program. What is not listed fails with EPERM:
// no socket, no new process, no file opened for writing that the read-only root would not refuse as well.

/** Call numbers by architecture; arm64 has 0 where it lacks the call. */
const ALLOWED: readonly (readonly [name: string, x64: number, arm64: number])[] = [
  // Memory.
  ["mmap", 9, 222],
  ["mprotect", 10, 226],
  ["munmap", 11, 215],
  ["brk", 12, 214],
  ["mremap", 25, 216],
  ["madvise", 28, 233],
  ["membarrier", 324, 283],
  ["pkey_mprotect", 329, 288],
  ["pkey_alloc", 330, 289],
  ["pkey_free", 331, 290],
  // The three pipes, and reading the program's own files.
  ["read", 0, 63],
  ["write", 1, 64],
  ["readv", 19, 65],
  ["writev", 20, 66],
  ["pread64", 17, 67],
  ["lseek", 8, 62],
  ["close", 3, 57],
  ["fcntl", 72, 25],
  ["ioctl", 16, 29],
  ["openat", 257, 56],
  ["fstat", 5, 80],
  ["newfstatat", 262, 79],
  ["statx", 332, 291],
  ["access", 21, 0],
  ["faccessat", 269, 48],
  ["faccessat2", 439, 439],
  ["readlink", 89, 0],
  ["readlinkat", 267, 78],
  ["getcwd", 79, 17],
  ["getdents64", 217, 61],
  // The event loop that Node starts with.
  ["epoll_create1", 291, 20],
  ["epoll_ctl", 233, 21],
  ["epoll_wait", 232, 0],
  ["epoll_pwait", 281, 22],
  ["poll", 7, 0],
  ["ppoll", 271, 73],
  ["eventfd2", 290, 19],
  ["pipe2", 293, 59],
  // Threads, but no processes: see the clone rule below.
  ["futex", 202, 98],
  ["set_robust_list", 273, 99],
  ["set_tid_address", 218, 96],
  ["rseq", 334, 293],
  ["gettid", 186, 178],
  ["tgkill", 234, 131],
  ["sched_yield", 24, 124],
  ["sched_getaffinity", 204, 123],
  ["sched_getparam", 143, 121],
  ["sched_getscheduler", 145, 120],
  ["exit", 60, 93],
  ["exit_group", 231, 94],
  // Signals, time, randomness, and what a process may ask about itself.
  ["rt_sigaction", 13, 134],
  ["rt_sigprocmask", 14, 135],
  ["rt_sigreturn", 15, 139],
  ["sigaltstack", 131, 132],
  ["restart_syscall", 219, 128],
  ["clock_gettime", 228, 113],
  ["clock_getres", 229, 114],
  ["clock_nanosleep", 230, 115],
  ["nanosleep", 35, 101],
  ["gettimeofday", 96, 169],
  ["getrandom", 318, 278],
  ["getpid", 39, 172],
  ["getppid", 110, 173],
  ["getuid", 102, 174],
  ["geteuid", 107, 175],
  ["getgid", 104, 176],
  ["getegid", 108, 177],
  ["capget", 125, 90],
  ["getrusage", 98, 165],
  ["prlimit64", 302, 261],
  ["prctl", 157, 167],
  ["arch_prctl", 158, 0],
  ["uname", 63, 160],
  ["sysinfo", 99, 179],
  // bubblewrap's own init waits for Node.
  ["wait4", 61, 260],
  // bubblewrap starts Node under the filter; what else could be started is inside the same walls.
  ["execve", 59, 221],
];

const ARCHITECTURES = {
  x64: { audit: 0xc000003e, column: 1, clone: 56 },
  arm64: { audit: 0xc00000b7, column: 2, clone: 220 },
} as const;
const CLONE3 = 435;
const CLONE_THREAD = 0x00010000;

/** Opcodes of classic BPF, offsets in `struct seccomp_data`, and verdicts. */
const LOAD_WORD = 0x20;
const JUMP_EQUAL = 0x15;
const JUMP_SET = 0x45;
const RETURN = 0x06;
const OFFSET = { number: 0, architecture: 4, firstArgument: 16 } as const;
const VERDICT = { allow: 0x7fff0000, kill: 0x80000000, notPermitted: 0x00050001, notThere: 0x00050026 } as const;

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, operand: number];

/** `struct sock_filter[]` for bubblewrap's `--seccomp`; undefined on an architecture without a table. */
export function seccompFilter(architecture: string): Buffer | undefined {
  if (architecture !== "x64" && architecture !== "arm64") return undefined;
  const { audit, column, clone } = ARCHITECTURES[architecture];
  // Every row has a number on x64, where 0 is `read` itself.
  const numbers = ALLOWED.filter((row) => architecture === "x64" || row[2] !== 0).map((row) => row[column]);
  const program: Instruction[] = [
    [LOAD_WORD, 0, 0, OFFSET.architecture],
    [JUMP_EQUAL, 1, 0, audit],
    [RETURN, 0, 0, VERDICT.kill],
    [LOAD_WORD, 0, 0, OFFSET.number],
    ...numbers.map((number, index): Instruction => [JUMP_EQUAL, numbers.length - index + 5, 0, number]),
    // clone3 hides its flags behind a pointer; the C library falls back to clone where it is not there.
    [JUMP_EQUAL, 4, 0, CLONE3],
    [JUMP_EQUAL, 0, 2, clone],
    [LOAD_WORD, 0, 0, OFFSET.firstArgument],
    [JUMP_SET, 2, 0, CLONE_THREAD],
    [RETURN, 0, 0, VERDICT.notPermitted],
    [RETURN, 0, 0, VERDICT.notThere],
    [RETURN, 0, 0, VERDICT.allow],
  ];
  return encode(program);
}

function encode(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(([code, ifTrue, ifFalse, operand], index) => {
    bytes.writeUInt16LE(code, 8 * index);
    bytes.writeUInt8(ifTrue, 8 * index + 2);
    bytes.writeUInt8(ifFalse, 8 * index + 3);
    bytes.writeUInt32LE(operand, 8 * index + 4);
  });
  return bytes;
}
