CREATE TABLE `drawn_leases` (
	`lease` text PRIMARY KEY NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `drawn_leases_by_block` ON `drawn_leases` (`block`);--> statement-breakpoint
CREATE TABLE `reputation_facts` (
	`node` text NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`lease` text,
	`order` text,
	`in_a_row` integer NOT NULL,
	`valid` integer NOT NULL,
	`invalid` integer NOT NULL,
	PRIMARY KEY(`node`, `block`, `log_index`)
);
--> statement-breakpoint
CREATE INDEX `reputation_facts_by_block` ON `reputation_facts` (`block`);--> statement-breakpoint
CREATE INDEX `reputation_facts_by_lease` ON `reputation_facts` (`node`,`lease`);--> statement-breakpoint
CREATE INDEX `reputation_facts_by_order` ON `reputation_facts` (`node`,`order`);