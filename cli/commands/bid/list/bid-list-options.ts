// The flags of mimik bid list.
export { LIST_FLAGS as bidListFlags, listOptions as bidListOptions } from "../../../command/list-flags.ts";
