// The dashboard in a real browser, against a real chain: what it shows, that it is live, and that everyone can use it.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, chromium, type Page } from "playwright-core";
import {
  approveSharesCall,
  collectEarningsCall,
  depositSharesCall,
  harvestCall,
  mintCall,
  startUnbondingCall,
} from "#chain/calls.ts";
import { type RunningMarketplace, startMarketplace } from "#marketplace/start-marketplace.ts";
import { httpMarketplaceClient } from "#mesh/marketplace-client.ts";
import { buildDashboard } from "#scripts/build-programs.ts";
import {
  claimOrders,
  clearLeases,
  type Market,
  type OpenLease,
  openLease,
  settleJob,
  startMarket,
} from "./market-fixture.ts";
import { eventually, type MarketNode, nowSeconds, signedBid, signedOffer } from "./statements.ts";

const CHROMIUM = "/usr/bin/chromium";
const skip = existsSync(CHROMIUM) ? false : "needs Chromium: apt-get install -y chromium";

let market: Market;
let dashboardDirectory: string;
let running: RunningMarketplace;
let browser: Browser;
let lease: OpenLease;
let node: MarketNode;

before(async () => {
  if (skip) return;
  market = await startMarket(2);
  node = market.nodes[0] as MarketNode;
  dashboardDirectory = await buildDashboard();
  running = await startMarketplace(market.config({ dashboardDirectory }));
  browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });
});
after(async () => {
  await browser?.close();
  await running?.[Symbol.asyncDispose]();
  await market?.[Symbol.asyncDispose]();
});

async function openPage(
  options: Parameters<Browser["newPage"]>[0] = {},
): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1_280, height: 900 }, reducedMotion: "reduce", ...options });
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(running.url);
  await page.getByText("Live").first().waitFor();
  return { page, complaints };
}

test("an empty market says what would fill it", { skip }, async () => {
  const { page, complaints } = await openPage();
  await page.getByText("No job is settled yet.").waitFor();
  await page.getByText("No lease is open yet.").waitFor();
  assert.equal(await page.locator("#nodes tbody tr").count(), 2, "nodes were registered");
  assert.deepEqual(complaints, []);
  await page.close();
});

test("an offer, a lease and a payment show up without a reload, and one's own earnings are remembered", {
  skip,
}, async () => {
  const { page, complaints } = await openPage();
  await page.locator("#nodes .tag.quiet").first().waitFor();
  const client = httpMarketplaceClient(running.url);
  for (const each of market.nodes) await client.postOffer(await signedOffer(market, each));
  await client.postBid(await signedBid(market));
  await page.locator("#nodes .tag.good").nth(1).waitFor();
  lease = await openLease(market, 1);
  await page.locator("#leases .tag.good").waitFor();
  const { order, transaction } = await settleJob(market, lease, { nonce: 1, price: 1_250_000n });
  const job = page.locator("#jobs tbody tr").first();
  await job.waitFor();
  assert.match((await job.textContent()) ?? "", /2\.500000/);
  await page.locator(".figures").getByText("2.5 tokens").waitFor();

  await page.getByLabel("My owner address").fill("0x12");
  await page.getByRole("button", { name: "Show" }).click();
  await page.getByText("An address is 0x and 40 hex digits.").waitFor();
  await chooseOwner(page);
  await page.getByRole("img", { name: /Earnings of 0x.* 1\.25 tokens/ }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "My earnings" }).waitFor();
  await page.locator("#earnings").getByText("1.25 tokens earned in all").waitFor();

  // By keyboard into the job's detail and back to where one was.
  const link = page.locator(`#jobs a[href$="${order}"]`);
  await link.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Job" });
  await dialog.getByText(transaction).waitFor();
  assert.equal(await dialog.getByText("you", { exact: true }).count(), 1);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  assert.equal(await page.evaluate("document.activeElement.href"), `${running.url}/#/job/${order}`);

  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page
    .getByRole("button", { name: new RegExp(`copy transaction ${transaction}`) })
    .first()
    .click();
  await page.getByText("Copied").waitFor();
  assert.equal(await page.evaluate("navigator.clipboard.readText()"), transaction);
  assert.deepEqual(complaints, []);
  await page.close();
});

test("what a claim and a voucher paid stands in the owner's lines, with the lease and among the jobs", {
  skip,
}, async () => {
  const { page, complaints } = await openPage();
  await chooseOwner(page);
  // Well before now: a busy machine lets the chain's clock start late.
  const late = { deadline: nowSeconds() - 120, forceFee: 0n };
  await claimOrders(market, lease, { nonces: [2, 3], perNode: 30_000n, ...late });
  const transaction = await clearLeases(market, [[lease, { perNode: 450_000n, upTo: 7, forced: 3 }]]);
  const lines = page.getByRole("table", { name: "My latest payments" }).locator("tbody tr");
  const voucher = lines.filter({ hasText: "voucher, orders 1 to 7" });
  await voucher.waitFor();
  // Three of the seven were settled or claimed before.
  assert.match((await voucher.textContent()) ?? "", /4.*0\.450000/);
  assert.equal(await voucher.getByRole("button", { name: `copy transaction ${transaction}` }).count(), 1);
  assert.match((await lines.filter({ hasText: "claim" }).textContent()) ?? "", /2.*0\.030000/);
  assert.equal(await lines.count(), 3);
  await page.locator("#earnings").getByText("1.73 tokens earned in all").waitFor();

  const leaseRow = page.locator("#leases tbody tr");
  await leaseRow.getByText("up to order 7").waitFor();
  assert.match((await leaseRow.textContent()) ?? "", /7up to order 73\.460000/);
  await page.locator(".figures").getByText("7 on chain").waitFor();
  const jobs = page.locator("#jobs tbody tr");
  assert.equal(await jobs.filter({ hasText: "for 2 claimed together 0.060000" }).count(), 2);
  await jobs.first().getByRole("link").click();
  await page.getByRole("dialog").getByText("tokens paid to 2 nodes that claimed, for 2 orders together").waitFor();
  assert.deepEqual(complaints, []);
  await page.close();
});

test("the profit share is everybody's to see, and a holder sees shares, worth and stakes as they change", {
  skip,
}, async () => {
  const { page, complaints } = await openPage();
  const { chain } = market;
  const { owner, key } = node;
  const panel = page.locator("#shares");
  const figure = (name: string) => panel.locator("dl > div").filter({ hasText: name }).locator("dd");
  await panel.getByText("2 shares in all").waitFor();
  await panel.getByRole("img", { name: "Price of a share in the last hour, now 1 tokens." }).waitFor();
  await chooseOwner(page);
  await panel.getByText("1 shares, worth 1 tokens").waitFor();
  const stake = page.getByRole("table", { name: "My nodes' stakes" }).locator("tbody tr");
  assert.match((await stake.textContent()) ?? "", /staked0101\.000000$/);

  await chain.send(owner, mintCall(chain, owner.address, 7_000_000n));
  await chain.send(owner, approveSharesCall(chain, 7_000_000n));
  await chain.send(owner, depositSharesCall(chain, owner.address, 7_000_000n));
  await panel.getByText("7 shares, worth 7 tokens").waitFor();
  await figure("All shares are worth").getByText("9 tokens").waitFor();
  await panel.getByText("8 tokens is what my shares are worth").waitFor();
  await chain.send(owner, collectEarningsCall(chain, [key.address]));
  await figure("Fees to be harvested").getByText("0.0173 tokens").waitFor();
  await chain.send(owner, harvestCall(chain));
  await figure("Came in as fees").getByText("0.0173 tokens").waitFor();
  await figure("Drips to the holders")
    .getByText(/^0\.0172?\d* tokens$/)
    .waitFor();
  await panel.getByText(/^0\.015\d+ tokens, all of it in [67]d$/).waitFor();

  await chain.send(owner, startUnbondingCall(chain, key.address, 400_000_000_000n));
  await stake.getByText("unbonding", { exact: true }).waitFor();
  assert.match((await stake.textContent()) ?? "", /free in \d\dm00\.60\.41\.00000\d$/);
  assert.deepEqual(complaints, []);
  await page.close();
});

async function chooseOwner(page: Page): Promise<void> {
  await page.getByLabel("My owner address").fill(node.owner.address);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "My earnings" }).waitFor();
}

/** Captions of the tables that are wider than what holds them: a panel hides what sticks out. */
const CUT_OFF = `[...document.querySelectorAll("table.data")]
  .filter((table) => table.scrollWidth > table.parentElement.clientWidth)
  .map((table) => table.caption.textContent)`;

test("no WCAG 2.2 A or AA violation at 390 and 1280 px, light or dark, nor a sideways scroll or a table cut off", {
  skip,
}, async () => {
  const { page } = await openPage({ colorScheme: "light" });
  await page.locator("#jobs tbody tr").first().waitFor();
  await page.locator(".rates summary").first().click();
  await chooseOwner(page);
  await page.getByText("voucher, orders").waitFor();
  for (const width of [1_280, 390]) {
    await page.setViewportSize({ width, height: 900 });
    assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
    assert.deepEqual(await page.evaluate(CUT_OFF), []);
    await assertAccessible(page);
  }
  await assertDialogAccessible(page, "first", "Receipts");
  await page.emulateMedia({ colorScheme: "dark" });
  await assertContrast(page);
  await assertDialogAccessible(page, "last", "Agreed result");
  // Just wide enough for tables.
  await page.setViewportSize({ width: 1_181, height: 900 });
  assert.deepEqual(await page.evaluate(CUT_OFF), []);
  await page.close();
});

async function assertDialogAccessible(page: Page, which: "first" | "last", fact: string): Promise<void> {
  await page.locator("#jobs tbody a")[which]().click();
  await page.getByRole("dialog").getByText(fact).waitFor();
  assert.equal(await page.evaluate("document.documentElement.scrollWidth"), 390);
  await assertAccessible(page, "dialog");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
}

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** The page has no frames, which only the slower way of asking looks into. */
function axeOf(page: Page): AxeBuilder {
  return new AxeBuilder({ page }).setLegacyMode(true);
}

async function assertAccessible(page: Page, part = "html"): Promise<void> {
  await assertNoViolation(axeOf(page).withTags(WCAG).include(part), 5);
}

/** All that the other colours can change. */
async function assertContrast(page: Page): Promise<void> {
  await assertNoViolation(axeOf(page).withRules(["color-contrast"]), 0);
}

async function assertNoViolation(axe: AxeBuilder, passesMin: number): Promise<void> {
  const { violations, passes } = await axe.analyze();
  assert.ok(passes.length > passesMin);
  assert.deepEqual(
    violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]),
    [],
  );
}

test("assets are served with their types, for ever or not at all, and under a strict policy", { skip }, async () => {
  const page = await fetch(running.url);
  const policy = page.headers.get("content-security-policy") ?? "";
  assert.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
  const html = await page.text();
  for (const [, path] of html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)) {
    const asset = await fetch(running.url + path);
    assert.match(asset.headers.get("content-type") ?? "", /^text\/(javascript|css); charset=utf-8$/);
    assert.match(asset.headers.get("cache-control") ?? "", /immutable/);
    assert.equal(asset.headers.get("content-encoding"), "gzip");
    const etag = asset.headers.get("etag") ?? "";
    const again = await fetch(running.url + path, { headers: { "if-none-match": etag } });
    assert.equal(again.status, 304);
  }
  assert.equal(page.headers.get("cache-control"), "no-cache");
});

test("a marketplace that goes away is said, and the page comes back with it", { skip }, async () => {
  const { page } = await openPage();
  const { port } = running;
  await running[Symbol.asyncDispose]();
  await page.getByText("Not live: reconnecting").waitFor();
  assert.ok((await page.locator("#jobs tbody tr").count()) > 0, "keeps what it knows");
  running = await startMarketplace(market.config({ port, dashboardDirectory }));
  await settleJob(market, lease, { nonce: 8, price: 10n });
  await eventually(
    () => page.locator("#jobs tbody tr").count(),
    (rows) => rows === 4,
  );
  await page.close();
});
