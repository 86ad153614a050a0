CREATE TABLE `attestations` (
	`order` text PRIMARY KEY NOT NULL,
	`result_hash` text NOT NULL,
	`price` text NOT NULL,
	`commits` text NOT NULL,
	`signature` text
);
--> statement-breakpoint
CREATE TABLE `blobs` (
	`digest` text PRIMARY KEY NOT NULL,
	`size` integer NOT NULL,
	`used_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `blobs_used_at` ON `blobs` (`used_at`);--> statement-breakpoint
CREATE TABLE `counters` (
	`name` text PRIMARY KEY NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `orders` (
	`order` text PRIMARY KEY NOT NULL,
	`lease` text NOT NULL,
	`nonce` integer NOT NULL,
	`state` text NOT NULL,
	`deadline` integer NOT NULL,
	`max_price` text NOT NULL,
	`response_bytes` integer NOT NULL,
	`submission` text NOT NULL,
	`rates` text NOT NULL,
	`token_hash` text NOT NULL,
	`accepted_at` integer NOT NULL,
	`changed_at` integer NOT NULL,
	`problem` text,
	`settled` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `orders_lease_nonce` ON `orders` (`lease`,`nonce`);--> statement-breakpoint
CREATE INDEX `orders_state` ON `orders` (`state`,`accepted_at`);--> statement-breakpoint
CREATE INDEX `orders_deadline` ON `orders` (`deadline`);--> statement-breakpoint
CREATE TABLE `pins` (
	`order` text NOT NULL,
	`digest` text NOT NULL,
	`size` integer NOT NULL,
	`until` integer NOT NULL,
	PRIMARY KEY(`order`, `digest`)
);
--> statement-breakpoint
CREATE INDEX `pins_digest` ON `pins` (`digest`,`until`);--> statement-breakpoint
CREATE TABLE `results` (
	`order` text PRIMARY KEY NOT NULL,
	`receipts` text NOT NULL,
	`result_hash` text NOT NULL,
	`price` text NOT NULL,
	`salt` text NOT NULL,
	`seal` text NOT NULL,
	`signature` text
);
