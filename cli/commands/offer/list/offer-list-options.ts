// The flags of mimik offer list.
export { LIST_FLAGS as offerListFlags, listOptions as offerListOptions } from "../../../command/list-flags.ts";
