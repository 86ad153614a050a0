CREATE TABLE `bids` (
	`id` text PRIMARY KEY NOT NULL,
	`consumer` text NOT NULL,
	`valid_until` integer NOT NULL,
	`message` text NOT NULL,
	`signature` text NOT NULL,
	`received_at` integer NOT NULL,
	`cancelled` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `bids_by_end` ON `bids` (`valid_until`);--> statement-breakpoint
CREATE INDEX `bids_by_consumer` ON `bids` (`consumer`);--> statement-breakpoint
CREATE INDEX `bids_by_time` ON `bids` (`received_at`,`id`);--> statement-breakpoint
CREATE TABLE `chain_state` (
	`id` integer PRIMARY KEY NOT NULL,
	`chain_id` integer NOT NULL,
	`exchange` text NOT NULL,
	`checkpoint` text,
	`block` integer,
	`paid` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `earnings_by_minute` (
	`owner` text NOT NULL,
	`minute` integer NOT NULL,
	`amount` text NOT NULL,
	PRIMARY KEY(`owner`, `minute`)
);
--> statement-breakpoint
CREATE TABLE `lease_changes` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`lease` text NOT NULL,
	`funded` text NOT NULL,
	`spent` text NOT NULL,
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
	`expiry` integer NOT NULL,
	`closed` integer NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `leases_by_block` ON `leases` (`block`,`log_index`);--> statement-breakpoint
CREATE INDEX `leases_by_consumer` ON `leases` (`consumer`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `nodes` (
	`node` text PRIMARY KEY NOT NULL,
	`owner` text NOT NULL,
	`stake` text NOT NULL,
	`earned` text NOT NULL,
	`jobs` integer NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `nodes_by_owner` ON `nodes` (`owner`);--> statement-breakpoint
CREATE INDEX `nodes_by_block` ON `nodes` (`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `offers` (
	`node` text PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`sequence` text NOT NULL,
	`valid_until` integer NOT NULL,
	`message` text NOT NULL,
	`signature` text NOT NULL,
	`received_at` integer NOT NULL,
	`remembered_until` integer NOT NULL,
	`cancelled` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `offers_id_unique` ON `offers` (`id`);--> statement-breakpoint
CREATE INDEX `offers_by_memory` ON `offers` (`remembered_until`);--> statement-breakpoint
CREATE TABLE `orders` (
	`order` text PRIMARY KEY NOT NULL,
	`lease` text NOT NULL,
	`consumer` text NOT NULL,
	`result_hash` text NOT NULL,
	`total` text NOT NULL,
	`transaction` text NOT NULL,
	`time` integer NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `orders_by_block` ON `orders` (`block`,`log_index`);--> statement-breakpoint
CREATE INDEX `orders_by_consumer` ON `orders` (`consumer`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `owners` (
	`owner` text PRIMARY KEY NOT NULL,
	`nodes` integer NOT NULL,
	`earned` text NOT NULL,
	`jobs` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `payments` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`order` text NOT NULL,
	`lease` text NOT NULL,
	`node` text NOT NULL,
	`owner` text NOT NULL,
	`amount` text NOT NULL,
	`transaction` text NOT NULL,
	`time` integer NOT NULL,
	PRIMARY KEY(`block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `payments_by_order` ON `payments` (`order`);--> statement-breakpoint
CREATE INDEX `payments_by_owner` ON `payments` (`owner`,`block`,`log_index`);--> statement-breakpoint
CREATE TABLE `stake_changes` (
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`node` text NOT NULL,
	`amount` text NOT NULL,
	PRIMARY KEY(`block`, `log_index`)
);
