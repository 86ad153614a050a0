// A listing of the API, page by page, as one growing list.
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { ask, type PageView } from "../market-client.ts";

const ROWS = 25;

/** `name` is the first part of the query's key, by which events make it stale. */
export function useListing<Row>(name: string, path: string, filter: Readonly<Record<string, string | undefined>> = {}) {
  return useInfiniteQuery({
    queryKey: [name, path, filter],
    queryFn: ({ pageParam, signal }) => ask<PageView<Row>>(path, { ...filter, limit: ROWS, cursor: pageParam }, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page: PageView<Row>) => page.next ?? undefined,
    select: (data: InfiniteData<PageView<Row>>): readonly Row[] => data.pages.flatMap((page) => page.rows),
  });
}

interface MoreProps {
  readonly what: string;
  readonly query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; fetchNextPage(): unknown };
}

export function More({ what, query }: MoreProps) {
  if (!query.hasNextPage) return null;
  return (
    <p className="more">
      <button
        type="button"
        className="button"
        disabled={query.isFetchingNextPage}
        onClick={() => void query.fetchNextPage()}
      >
        {query.isFetchingNextPage ? "Loading…" : `Show more ${what}`}
      </button>
    </p>
  );
}
