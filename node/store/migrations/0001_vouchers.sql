CREATE TABLE `vouchers` (
	`lease` text PRIMARY KEY NOT NULL,
	`terms` text NOT NULL,
	`per_node` text NOT NULL,
	`up_to` integer NOT NULL,
	`forced` integer NOT NULL,
	`last` integer NOT NULL,
	`signature` text NOT NULL,
	`expiry` integer NOT NULL,
	`received_at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `vouchers_expiry` ON `vouchers` (`expiry`);