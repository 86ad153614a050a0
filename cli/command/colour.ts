// Colour where a person's terminal wants it: NO_COLOR, dumb terminals and pipes get plain text.
import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];

/** `text` in `style` when `stream` shows colours. */
export function coloured(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream, validateStream: true });
}
