// Decides how calls, answers, events and errors of Tickets.sol are encoded; scripts/generate-abi.ts wrote it.
// It never holds an address.
export const ticketsAbi = [
  {"type":"error","name":"DrawNotPast","inputs":[{"name":"atBlock","type":"uint256"},{"name":"current","type":"uint256"}]},
  {"type":"error","name":"SeatsOutOfRange","inputs":[{"name":"seats","type":"uint256"},{"name":"min","type":"uint256"},{"name":"max","type":"uint256"}]},
  {"type":"error","name":"TicketOwnerFixed","inputs":[{"name":"node","type":"address"},{"name":"owner","type":"address"}]},
  {"type":"error","name":"TicketOwnerZero","inputs":[{"name":"node","type":"address"}]},
  {"type":"error","name":"TicketsOutOfRange","inputs":[{"name":"node","type":"address"},{"name":"tickets","type":"uint256"},{"name":"max","type":"uint256"}]},
  {"type":"error","name":"TooFewOwners","inputs":[{"name":"seats","type":"uint256"},{"name":"seated","type":"uint256"},{"name":"attempts","type":"uint256"}]},
] as const;
