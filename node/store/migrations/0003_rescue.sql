CREATE TABLE `claimed_orders` (
	`order` text PRIMARY KEY NOT NULL,
	`lease` text NOT NULL,
	`nonce` integer NOT NULL,
	`claim` text NOT NULL,
	`until` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `claimed_orders_lease` ON `claimed_orders` (`lease`);--> statement-breakpoint
CREATE INDEX `claimed_orders_claim` ON `claimed_orders` (`claim`);--> statement-breakpoint
CREATE TABLE `peer_attestations` (
	`order` text NOT NULL,
	`node` text NOT NULL,
	`result_hash` text NOT NULL,
	`price` text NOT NULL,
	`commits` text NOT NULL,
	`signature` text NOT NULL,
	`dissents` integer NOT NULL,
	PRIMARY KEY(`order`, `node`)
);
--> statement-breakpoint
CREATE INDEX `peer_attestations_dissents` ON `peer_attestations` (`dissents`,`order`);--> statement-breakpoint
ALTER TABLE `attestations` ADD `commitments` text DEFAULT '[]' NOT NULL;--> statement-breakpoint
ALTER TABLE `vouchers` ADD `clearing_until` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX `orders_unpaid` ON `orders` (`settled`,`state`,`lease`,`deadline`);