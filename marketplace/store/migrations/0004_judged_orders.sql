-- What juries judged was not followed so far. Without a checkpoint the index is made anew from the chain at the next start;
-- the book's offers and bids stay.
UPDATE `chain_state` SET `checkpoint` = NULL, `block` = NULL;
--> statement-breakpoint
CREATE TABLE `judged_orders` (
	`order` text PRIMARY KEY NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `judged_orders_by_block` ON `judged_orders` (`block`);--> statement-breakpoint
DROP TABLE `reputation_facts`;--> statement-breakpoint
CREATE TABLE `reputation_facts` (
	`node` text NOT NULL,
	`block` integer NOT NULL,
	`log_index` integer NOT NULL,
	`kind` text NOT NULL,
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
CREATE INDEX `reputation_facts_by_order` ON `reputation_facts` (`order`,`node`);
