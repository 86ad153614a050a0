-- What is indexed so far leaves out what clearings and claims paid. Without a checkpoint the index is made anew from the
-- chain at the next start, so its rows need no carrying over; the book's offers and bids stay.
UPDATE `chain_state` SET `checkpoint` = NULL, `block` = NULL;
--> statement-breakpoint
DROP TABLE `payments`;--> statement-breakpoint
DROP TABLE `orders`;--> statement-breakpoint
DROP TABLE `lease_changes`;--> statement-breakpoint
DROP TABLE `leases`;--> statement-breakpoint
CREATE TABLE `claims` (
	`claim` text PRIMARY KEY NOT NULL,
	`orders` integer NOT NULL,
	`receipts_root` text NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `claims_by_block` ON `claims` (`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `lease_changes` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`lease` text NOT NULL,
	`funded` text NOT NULL,
	`spent` text NOT NULL,
	`jobs` integer NOT NULL,
	`paid_per_node` text NOT NULL,
	`up_to` integer NOT NULL,
	`claimed` integer NOT NULL,
	`expiry` integer,
	`closes` integer NOT NULL,
	PRIMARY KEY(`block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `lease_changes_by_lease` ON `lease_changes` (`lease`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `leases` (
	`lease` text PRIMARY KEY NOT NULL,
	`consumer` text NOT NULL,
	`nodes` text NOT NULL,
	`funded` text NOT NULL,
	`spent` text NOT NULL,
	`jobs` integer NOT NULL,
	`paid_per_node` text NOT NULL,
	`up_to` integer NOT NULL,
	`claimed` integer NOT NULL,
	`expiry` integer NOT NULL,
	`closed` integer NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `leases_by_block` ON `leases` (`block`,`log_index`);--> statement-breakpoint
CREATE INDEX `leases_by_consumer` ON `leases` (`consumer`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `orders` (
	`order` text PRIMARY KEY NOT NULL,
	`lease` text NOT NULL,
	`consumer` text NOT NULL,
	`nonce` integer,
	`result_hash` text,
	`claim` text,
	`total` text NOT NULL,
	`transaction` text NOT NULL,
	`time` integer NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`position` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `orders_by_block` ON `orders` (`block`,`log_index`,`position`);--> statement-breakpoint
CREATE INDEX `orders_by_consumer` ON `orders` (`consumer`,`block`,`log_index`,`position`);--> statement-breakpoint
CREATE INDEX `orders_by_lease` ON `orders` (`lease`,`nonce`);--> statement-breakpoint
CREATE TABLE `payments` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`node` text NOT NULL,
	`kind` text NOT NULL,
	`paid_for` text,
	`after` integer,
	`up_to` integer,
	`jobs` integer NOT NULL,
	`lease` text NOT NULL,
	`owner` text NOT NULL,
	`amount` text NOT NULL,
	`transaction` text NOT NULL,
	`time` integer NOT NULL,
	PRIMARY KEY(`block`, `log_index`, `node`)
);
--> statement-breakpoint
CREATE INDEX `payments_by_paid_for` ON `payments` (`paid_for`);--> statement-breakpoint
CREATE INDEX `payments_by_owner` ON `payments` (`owner`,`block`,`log_index`);
