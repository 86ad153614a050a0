// The dashboard's entry: reads what the marketplace serves, and nothing else.
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import "uplot/dist/uPlot.min.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/table.css";
import "./styles/parts.css";
import { App } from "./app.tsx";

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Events say when something is stale; the interval is for what no event tells, such as an offer's silent end.
      staleTime: 30_000,
      refetchInterval: 30_000,
      retry: 2,
    },
  },
});

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  );
}
