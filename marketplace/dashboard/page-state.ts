// State that outlives a render: the address bar, the browser's memory, and the clock.
import { useCallback, useEffect, useState, useSyncExternalStore } from "react";

const JOB_HASH = /^#\/job\/(0x[0-9a-f]{64})$/;

function onHashChange(changed: () => void): () => void {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
}

/** The job in the address bar, so that a job can be linked to. */
export function useOpenJob(): string | undefined {
  const hash = useSyncExternalStore(onHashChange, () => location.hash);
  return JOB_HASH.exec(hash)?.[1];
}

export function jobHref(order: string): string {
  return `#/job/${order}`;
}

/** Takes the job out of the address bar without a jump to the top. */
export function closeJob(): void {
  history.replaceState(null, "", location.pathname);
  dispatchEvent(new HashChangeEvent("hashchange"));
}

const OWNER_KEY = "mimik.owner";
export const OWNER_PATTERN = /^0x[0-9a-fA-F]{40}$/;

/** The account that the person calls theirs, remembered in this browser only. */
export function useOwner(): readonly [owner: string | undefined, choose: (owner: string | undefined) => void] {
  const [owner, setOwner] = useState(readOwner);
  const choose = useCallback((chosen: string | undefined) => {
    const text = chosen?.toLowerCase();
    setOwner(text);
    try {
      if (text === undefined) localStorage.removeItem(OWNER_KEY);
      else localStorage.setItem(OWNER_KEY, text);
    } catch {
      // A browser that keeps nothing still shows the owner until the page is closed.
    }
  }, []);
  return [owner, choose];
}

function readOwner(): string | undefined {
  try {
    const owner = localStorage.getItem(OWNER_KEY);
    return owner !== null && OWNER_PATTERN.test(owner) ? owner : undefined;
  } catch {
    return undefined;
  }
}

const TICK_MILLIS = 5_000;

/** Unix seconds, moving on every few seconds so that "2 min. ago" stays true. */
export function useNow(): number {
  const [now, setNow] = useState(() => Date.now() / 1_000);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now() / 1_000), TICK_MILLIS);
    return () => clearInterval(timer);
  }, []);
  return now;
}
