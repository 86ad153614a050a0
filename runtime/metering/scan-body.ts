// Second stage of the pass: reads one body once, checks it by WebAssembly's typing rules, and notes where to edit it.
import { BodyScan, type ModuleContext } from "./body-scan.ts";
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
export function scanBody(module: ModuleContext, body: ByteRange, type: FunctionType): BodyScan {
  const scan = new BodyScan(module, body, type);
  readLocals(scan);
  scan.enter(control.BLOCK, [], type.results);
  scanInstructions(scan);
  if (!scan.reader.atEnd()) throw malformed(scan.reader.position, "unexpected content after the end of a function");
  scan.segments.finish();
  scan.nan.finish();
  return scan;
}

function readLocals(scan: BodyScan): void {
  const { reader, locals } = scan;
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
    default:
      if (opcode < 0x20) scanControl(scan, opcode, offset);
      else scanRare(scan, opcode, offset);
      return false;
  }
}

function scanControl(scan: BodyScan, opcode: number, offset: number): void {
  switch (opcode) {
    case 0x00:
      return scan.die(true);
    case 0x01:
      return;
    case control.BLOCK:
    case control.LOOP:
    case control.IF:
      return control.scanBlock(scan, opcode);
    case 0x05:
      return control.scanElse(scan, offset);
    case 0x0c:
      return control.scanBranch(scan);
    case 0x0d:
      return control.scanBranchIf(scan);
    case 0x0e:
      return control.scanBranchTable(scan);
    case 0x0f:
      return control.scanReturn(scan, offset);
    case 0x10:
    case 0x12:
      return control.scanCall(scan, offset, opcode === 0x12);
    case 0x11:
    case 0x13:
      return control.scanCallIndirect(scan, offset, opcode === 0x13);
    default:
      throw unknownOpcode(opcode, offset);
  }
}

function scanRare(scan: BodyScan, opcode: number, offset: number): void {
  switch (opcode) {
    case 0x25:
    case 0x26:
      return reference.scanTableAccess(scan, opcode === 0x26);
    case 0x3f:
      return reference.scanMemorySize(scan);
    case 0x40:
      return reference.scanMemoryGrow(scan, offset);
    case 0xd0:
      return reference.scanReferenceNull(scan);
    case 0xd1:
      return reference.scanReferenceIsNull(scan);
    case 0xd2:
      return reference.scanReferenceFunction(scan);
    case 0x108:
      return reference.scanMemoryInit(scan, offset);
    case 0x109:
      return reference.scanDataDrop(scan);
    case 0x10a:
      return reference.scanMemoryCopy(scan, offset);
    case 0x10b:
      return reference.scanMemoryFill(scan, offset);
    case 0x10c:
      return reference.scanTableInit(scan, offset);
    case 0x10d:
      return reference.scanElementDrop(scan);
    case 0x10e:
      return reference.scanTableCopy(scan, offset);
    case 0x10f:
      return reference.scanTableGrow(scan, offset);
    case 0x110:
      return reference.scanTableSize(scan);
    case 0x111:
      return reference.scanTableFill(scan, offset);
    case 0x20c:
      return numeric.scanVectorConstant(scan);
    default:
      throw unknownOpcode(opcode, offset);
  }
}

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
