CREATE TABLE `accusations` (
	`order` text NOT NULL,
	`node` text NOT NULL,
	`block` integer NOT NULL,
	PRIMARY KEY(`order`, `node`)
);
--> statement-breakpoint
CREATE TABLE `cases` (
	`order` text PRIMARY KEY NOT NULL,
	`lease` text NOT NULL,
	`subject` text NOT NULL,
	`closes_at` integer NOT NULL,
	`block` integer NOT NULL,
	`evidence` text,
	`jury` text,
	`done` integer DEFAULT false NOT NULL
);
--> statement-breakpoint
CREATE INDEX `cases_open` ON `cases` (`done`,`closes_at`);--> statement-breakpoint
CREATE TABLE `equivocations` (
	`order` text NOT NULL,
	`node` text NOT NULL,
	`first` text NOT NULL,
	`second` text NOT NULL,
	`proven` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`order`, `node`)
);
--> statement-breakpoint
CREATE TABLE `verdicts` (
	`order` text PRIMARY KEY NOT NULL,
	`result_hash` text NOT NULL,
	`closes_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `votes` (
	`order` text NOT NULL,
	`node` text NOT NULL,
	`result_hash` text NOT NULL,
	`key` text NOT NULL,
	`signature` text NOT NULL,
	PRIMARY KEY(`order`, `node`)
);
