// Second stage of the pass: reads one body once, checks it by WebAssembly's typing rules, and notes where to edit it.
import { BodyScan, type ModuleScan } from "./body-scan.ts";
import { FORM, FORMS, FUEL, NAMES, OPCODES } from "./instructions.ts";
import { MODULE_LIMITS } from "./limits.ts";
import { invalid, malformed, refused } from "./module-error.ts";
import type { ByteRange } from "./module-shape.ts";
import { readValueType } from "./read-types.ts";
import * as control from "./scan-control.ts";
import * as numeric from "./scan-numeric.ts";
import * as reference from "./scan-reference.ts";
import { F32, F64, type FunctionType, I32, I64, V128 } from "./value-type.ts";

/** Instructions with a prefix byte, as in the tables: 0x100 + n and 0x200 + n. */
const PREFIX_BULK = 0xfc;
const PREFIX_VECTOR = 0xfd;

/** @throws `module-malformed`, `module-invalid`, `module-refused` */
export function scanBody(module: ModuleScan, body: ByteRange, type: FunctionType): BodyScan {
  const scan = new BodyScan(module, body, type);
  readLocals(scan);
  scan.enter(control.BLOCK, [], type.results);
  scanInstructions(scan);
  if (!scan.reader.atEnd()) throw malformed(scan.reader.position, "unexpected content after the end of a function");
  scan.finish();
  return scan;
}

function readLocals(scan: BodyScan): void {
  const { reader, locals } = scan;
  scan.module.countLocals(locals.length, reader.position);
  scan.type.params.forEach((type, index) => {
    if (type === F32 || type === F64) scan.nan.markParameter(index);
    if (type === V128) scan.usesVectors = true;
  });
  const groups = reader.u32();
  for (let group = 0; group < groups; group++) {
    const offset = reader.position;
    const count = reader.u32();
    const type = readValueType(reader);
    if (locals.length + count > MODULE_LIMITS.locals) {
      if (locals.length + count > 0xffff_ffff) throw malformed(offset, "too many locals");
      throw refused(offset, `function has more than ${MODULE_LIMITS.locals} locals`);
    }
    if (type === V128) scan.usesVectors = true;
    scan.module.countLocals(count, offset);
    for (let index = 0; index < count; index++) locals.push(type);
    if (count > 0) scan.localGroups.push({ count, type });
  }
  scan.codeStart = reader.position;
}

function scanInstructions(scan: BodyScan): void {
  const { reader, segments } = scan;
  for (;;) {
    const offset = reader.position;
    let opcode = reader.byte();
    if (opcode >= PREFIX_BULK) opcode = readPrefixed(scan, opcode, offset);
    segments.pending += FUEL[opcode] as number;
    switch (FORMS[opcode]) {
      case FORM.plain:
        numeric.scanPlain(scan, opcode);
        break;
      case FORM.memory:
      case FORM.memoryLane:
        numeric.scanMemoryAccess(scan, opcode);
        break;
      case FORM.lane:
        numeric.scanLane(scan, opcode);
        break;
      case FORM.shuffle:
        numeric.scanShuffle(scan, opcode);
        break;
      case FORM.special:
        if (scanCommon(scan, opcode, offset)) return;
        break;
      default:
        throw unknownOpcode(opcode, offset);
    }
  }
}

function readPrefixed(scan: BodyScan, prefix: number, offset: number): number {
  if (prefix === 0xfe) throw refused(offset, "atomic instructions are outside the accepted feature set");
  if (prefix > 0xfe) throw malformed(offset, "illegal opcode ff");
  const code = scan.reader.u32();
  if (prefix === PREFIX_VECTOR && code >= 0x100 && code <= 0x113) {
    throw refused(offset, "relaxed vector instructions are not deterministic");
  }
  const base = prefix === PREFIX_BULK ? 0x100 : 0x200;
  const limit = prefix === PREFIX_BULK ? 0x200 : OPCODES;
  if (base + code >= limit) throw malformed(offset, `illegal opcode ${prefix.toString(16)} ${code.toString(16)}`);
  if (prefix === PREFIX_VECTOR) scan.usesVectors = true;
  return base + code;
}

/** Locals, constants and control: most of what is not a plain operation. Returns whether the body has ended. */
function scanCommon(scan: BodyScan, opcode: number, offset: number): boolean {
  switch (opcode) {
    case 0x20:
    case 0x21:
    case 0x22:
      reference.scanLocal(scan, opcode, offset);
      return false;
    case 0x41:
      scan.reader.skipSigned(32);
      scan.counted.constant(offset, scan.reader.position);
      scan.push(I32);
      return false;
    case 0x42:
      scan.reader.skipSigned(64);
      scan.push(I64);
      return false;
    case 0x43:
      numeric.scanFloatConstant(scan, F32);
      return false;
    case 0x44:
      numeric.scanFloatConstant(scan, F64);
      return false;
    case 0x1a:
      scan.popAny();
      return false;
    case 0x1b:
    case 0x1c:
      numeric.scanSelect(scan, opcode === 0x1c);
      return false;
    case 0x23:
    case 0x24:
      reference.scanGlobal(scan, opcode === 0x24);
      return false;
    case 0x0b:
      return control.scanEnd(scan, offset);
    default: {
      const rule = RULES[opcode];
      if (!rule) throw unknownOpcode(opcode, offset);
      rule(scan, offset);
      return false;
    }
  }
}

/** Scans an instruction that begins at `start`; the reader stands after its opcode. */
type Rule = (scan: BodyScan, start: number) => void;

const RULES_BY_NAME: Readonly<Record<string, Rule>> = {
  unreachable: (scan) => scan.die(true),
  nop: () => {},
  block: (scan) => control.scanBlock(scan, control.BLOCK),
  loop: (scan) => control.scanBlock(scan, control.LOOP),
  if: (scan) => control.scanBlock(scan, control.IF),
  else: control.scanElse,
  br: control.scanBranch,
  br_if: control.scanBranchIf,
  br_table: control.scanBranchTable,
  return: control.scanReturn,
  call: (scan, start) => control.scanCall(scan, start, false),
  call_indirect: (scan, start) => control.scanCallIndirect(scan, start, false),
  return_call: (scan, start) => control.scanCall(scan, start, true),
  return_call_indirect: (scan, start) => control.scanCallIndirect(scan, start, true),
  "table.get": (scan) => reference.scanTableAccess(scan, false),
  "table.set": (scan) => reference.scanTableAccess(scan, true),
  "memory.size": reference.scanMemorySize,
  "memory.grow": reference.scanMemoryGrow,
  "ref.null": reference.scanReferenceNull,
  "ref.is_null": reference.scanReferenceIsNull,
  "ref.func": reference.scanReferenceFunction,
  "memory.init": reference.scanMemoryInit,
  "data.drop": reference.scanDataDrop,
  "memory.copy": reference.scanMemoryCopy,
  "memory.fill": reference.scanMemoryFill,
  "table.init": reference.scanTableInit,
  "elem.drop": reference.scanElementDrop,
  "table.copy": reference.scanTableCopy,
  "table.grow": reference.scanTableGrow,
  "table.size": reference.scanTableSize,
  "table.fill": reference.scanTableFill,
  "v128.const": numeric.scanVectorConstant,
};

const RULES: readonly (Rule | undefined)[] = NAMES.map((name) => RULES_BY_NAME[name]);

/** Opcodes of proposals that are not accepted: exceptions, typed references, GC. */
const LATER_OPCODES: ReadonlySet<number> = new Set([
  0x06, 0x07, 0x08, 0x09, 0x0a, 0x14, 0x15, 0x18, 0x19, 0x1f, 0xd3, 0xd4, 0xd5, 0xd6, 0xfb,
]);

function unknownOpcode(opcode: number, offset: number): Error {
  if (LATER_OPCODES.has(opcode)) {
    return refused(offset, "exceptions, typed references and GC are outside the accepted feature set");
  }
  const name = NAMES[opcode];
  return name ? invalid(offset, `unexpected ${name}`) : malformed(offset, `illegal opcode ${opcode.toString(16)}`);
}
