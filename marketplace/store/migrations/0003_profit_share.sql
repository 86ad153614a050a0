-- Neither the profit share nor the whole state of a stake was followed so far. Without a checkpoint the index is made anew
-- from the chain at the next start; the book's offers and bids stay.
UPDATE `chain_state` SET `checkpoint` = NULL, `block` = NULL;
--> statement-breakpoint
DROP TABLE `stake_changes`;--> statement-breakpoint
ALTER TABLE `nodes` DROP COLUMN `stake`;--> statement-breakpoint
CREATE TABLE `holdings` (
	`holder` text NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`shares` text NOT NULL,
	PRIMARY KEY(`holder`, `block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `holdings_by_block` ON `holdings` (`block`);--> statement-breakpoint
CREATE TABLE `profit_shares` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`time` integer NOT NULL,
	`managed` text NOT NULL,
	`shares` text NOT NULL,
	`drip_amount` text NOT NULL,
	`drip_since` integer NOT NULL,
	`drip_ends` integer NOT NULL,
	`harvested` text NOT NULL,
	`forfeited` text NOT NULL,
	`fees_waiting` text NOT NULL,
	PRIMARY KEY(`block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `profit_shares_by_time` ON `profit_shares` (`time`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `stakes` (
	`node` text NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`staked` text NOT NULL,
	`unbonding` text NOT NULL,
	`unbonds_at` integer NOT NULL,
	`frozen_until` integer NOT NULL,
	PRIMARY KEY(`node`, `block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `stakes_by_block` ON `stakes` (`block`);