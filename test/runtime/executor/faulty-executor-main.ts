// A test instrument: speaks the executor's protocol and fails on request. The request's body says how.
import { readSync, writeSync } from "node:fs";
import { decodeRequest, encodeResponse } from "#protocol/message.ts";
import { FrameReader, newFrame } from "#runtime/executor/frame-codec.ts";
import { decodeRun, encodeDone, encodeReady, TO_EXECUTOR } from "#runtime/executor/messages.ts";

function answer(payload: Uint8Array): void {
  const { call, invocation } = decodeRun(payload);
  const { body } = decodeRequest(invocation.request);
  const order = Buffer.from(body).toString();
  if (order === "crash") process.exit(7);
  if (order === "hang") for (;;);
  if (order === "garbage") writeSync(1, Buffer.from("ffffffffffffffffffffffff", "hex"));
  if (order === "unknown") writeSync(1, newFrame(77, 3));
  const response = encodeResponse({ status: 200, headers: [], body });
  const usage = { fuel: 1n, memoryPages: 1, bytesIn: 0, bytesOut: 0, events: 0 };
  const other = order === "foreign" ? 12_345 : call;
  writeSync(1, encodeDone({ call: other, micros: 1, execution: { outcome: "ok", response, usage, logs: "" } }));
}

const reader = new FrameReader();
const buffer = Buffer.alloc(65_536);
for (let length = readSync(0, buffer); length > 0; length = readSync(0, buffer)) {
  for (const { type, payload } of reader.push(buffer.subarray(0, length))) {
    if (type === TO_EXECUTOR.engine) writeSync(1, encodeReady());
    if (type === TO_EXECUTOR.run) answer(payload);
  }
}
