// An account's address; the person's own is called so.
import { createContext, useContext } from "react";
import { Copyable } from "./copyable.tsx";

export const OwnAccount = createContext<string | undefined>(undefined);

export function Account({ kind, address }: { readonly kind: string; readonly address: string }) {
  const own = useContext(OwnAccount) === address;
  return (
    <>
      <Copyable kind={kind} value={address} />
      {own && <span className="tag own">you</span>}
    </>
  );
}
