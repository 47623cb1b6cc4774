-- dealhunter's tables, as its ORM's migrations made them in SQLite: ids are text, moments are whole seconds since 1970, booleans 0 and 1, structures JSON text, and an
-- embedding is the JSON text of 3,072 numbers. Foreign keys are declared and, as SQLite's default is, not enforced.
CREATE TABLE `business_units` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`leader_id` text,
	`keywords` text DEFAULT '[]' NOT NULL,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`leader_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE set null
);
CREATE UNIQUE INDEX `business_units_name_unique` ON `business_units` (`name`);
CREATE TABLE `users` (
	`id` text PRIMARY KEY NOT NULL,
	`email` text NOT NULL,
	`name` text NOT NULL,
	`password` text NOT NULL,
	`role` text DEFAULT 'bd' NOT NULL,
	`business_unit_id` text,
	`is_active` integer DEFAULT true NOT NULL,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	`updated_at` integer DEFAULT (unixepoch()) NOT NULL,
	`deleted_at` integer,
	FOREIGN KEY (`business_unit_id`) REFERENCES `business_units`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE UNIQUE INDEX `users_email_unique` ON `users` (`email`);
CREATE TABLE `accounts` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`industry` text,
	`website` text,
	`parent_account_id` text,
	`user_id` text NOT NULL,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`parent_account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE set null,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE INDEX `accounts_user_idx` ON `accounts` (`user_id`);
CREATE TABLE `account_contacts` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text NOT NULL,
	`name` text NOT NULL,
	`position` text,
	`email` text,
	`is_decision_maker` integer DEFAULT false NOT NULL,
	`order` integer,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `pre_qualifications` (
	`id` text PRIMARY KEY NOT NULL,
	`account_id` text,
	`owner_id` text NOT NULL,
	`status` text DEFAULT 'draft' NOT NULL,
	`raw_input` text NOT NULL,
	`extracted` text,
	`budget` real,
	`quick_scan_id` text,
	`description_embedding` text,
	`is_urgent` integer DEFAULT false NOT NULL,
	`decided_at` integer,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	`updated_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`account_id`) REFERENCES `accounts`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`owner_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`quick_scan_id`) REFERENCES `quick_scans`(`id`) ON UPDATE no action ON DELETE set null
);
CREATE INDEX `pre_qualifications_status_created_idx` ON `pre_qualifications` (`status`,`created_at` DESC);
CREATE TABLE `references` (
	`id` text PRIMARY KEY NOT NULL,
	`project_name` text NOT NULL,
	`customer_name` text NOT NULL,
	`industry` text NOT NULL,
	`technologies` text DEFAULT '[]' NOT NULL,
	`team_size` integer,
	`duration_months` integer,
	`is_validated` integer DEFAULT false NOT NULL,
	`user_id` text,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE TABLE `technologies` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`business_unit_id` text NOT NULL,
	`baseline_hours` integer,
	`baseline_entity_counts` text,
	`replaced_by_id` text,
	`is_default` integer DEFAULT false NOT NULL,
	FOREIGN KEY (`business_unit_id`) REFERENCES `business_units`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`replaced_by_id`) REFERENCES `technologies`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE UNIQUE INDEX `technologies_name_bu_unique` ON `technologies` (`name`,`business_unit_id`);
CREATE TABLE `quick_scans` (
	`id` text PRIMARY KEY NOT NULL,
	`pre_qualification_id` text NOT NULL,
	`status` text DEFAULT 'pending' NOT NULL,
	`website_url` text NOT NULL,
	`cms` text,
	`tech_stack` text,
	`page_count` integer,
	`started_at` integer,
	`completed_at` integer,
	FOREIGN KEY (`pre_qualification_id`) REFERENCES `pre_qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `qualifications` (
	`id` text PRIMARY KEY NOT NULL,
	`pre_qualification_id` text NOT NULL,
	`business_unit_id` text NOT NULL,
	`quick_scan_id` text,
	`customer_name` text NOT NULL,
	`status` text DEFAULT 'routed' NOT NULL,
	`vote` text CHECK(`vote` IN ('BID', 'NO-BID')),
	`confidence_score` integer CHECK(`confidence_score` BETWEEN 0 AND 100),
	`selected_cms_id` text,
	`routed_at` integer DEFAULT (unixepoch()) NOT NULL,
	`archived_at` integer,
	FOREIGN KEY (`pre_qualification_id`) REFERENCES `pre_qualifications`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`business_unit_id`) REFERENCES `business_units`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`quick_scan_id`) REFERENCES `quick_scans`(`id`) ON UPDATE no action ON DELETE no action,
	FOREIGN KEY (`selected_cms_id`) REFERENCES `technologies`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE INDEX `qualifications_open_idx` ON `qualifications` (`business_unit_id`,`routed_at`) WHERE `archived_at` IS NULL;
CREATE TABLE `website_audits` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`performance_score` integer,
	`largest_contentful_paint` real,
	`is_https` integer,
	`accessibility_violations` text,
	`audited_at` integer NOT NULL,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `qualification_section_data` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`section_id` text NOT NULL,
	`content` text NOT NULL,
	`confidence` integer,
	`updated_at` integer NOT NULL,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE UNIQUE INDEX `qualification_section_unique` ON `qualification_section_data` (`qualification_id`,`section_id`);
CREATE TABLE `cms_match_results` (
	`qualification_id` text NOT NULL,
	`technology_id` text NOT NULL,
	`total_score` real NOT NULL,
	`rank` integer NOT NULL,
	`is_recommended` integer DEFAULT false NOT NULL,
	PRIMARY KEY(`qualification_id`, `technology_id`),
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`technology_id`) REFERENCES `technologies`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE TABLE `baseline_comparisons` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`technology_id` text NOT NULL,
	`large_difference_areas` text,
	`average_delta` real NOT NULL,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`technology_id`) REFERENCES `technologies`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE TABLE `pt_estimations` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`total_pt` real NOT NULL,
	`confidence_level` integer NOT NULL,
	`assumptions` text,
	`estimated_go_live` integer,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE UNIQUE INDEX `pt_estimations_qualification_id_unique` ON `pt_estimations` (`qualification_id`);
CREATE TABLE `reference_matches` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`reference_id` text NOT NULL,
	`tech_stack_score` integer NOT NULL,
	`matched_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`reference_id`) REFERENCES `references`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE INDEX `reference_matches_qualification_idx` ON `reference_matches` (`qualification_id`);
CREATE TABLE `competitors` (
	`id` text PRIMARY KEY NOT NULL,
	`company_name` text NOT NULL,
	`strengths` text,
	`price_level` text,
	`is_validated` integer DEFAULT false NOT NULL,
	`user_id` text NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE no action
);
CREATE TABLE `competitor_matches` (
	`qualification_id` text NOT NULL,
	`competitor_id` text NOT NULL,
	`relevance_score` integer NOT NULL,
	PRIMARY KEY(`qualification_id`, `competitor_id`),
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`competitor_id`) REFERENCES `competitors`(`id`) ON UPDATE no action ON DELETE cascade
) WITHOUT ROWID;
CREATE TABLE `deal_embeddings` (
	`id` text PRIMARY KEY NOT NULL,
	`pre_qualification_id` text,
	`qualification_id` text,
	`agent_name` text NOT NULL,
	`chunk_type` text NOT NULL,
	`chunk_index` integer NOT NULL,
	`content` text NOT NULL,
	`embedding` text,
	`metadata` text,
	`chunk_category` text,
	`confidence` integer,
	`validated_at` integer,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`pre_qualification_id`) REFERENCES `pre_qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE INDEX `deal_embeddings_qualification_agent_idx` ON `deal_embeddings` (`qualification_id`,`agent_name`);
CREATE TABLE `raw_chunks` (
	`id` text PRIMARY KEY NOT NULL,
	`pre_qualification_id` text NOT NULL,
	`chunk_index` integer NOT NULL,
	`content` text NOT NULL,
	`token_count` integer NOT NULL,
	`embedding` text NOT NULL,
	`metadata` text,
	`created_at` integer DEFAULT (unixepoch()) NOT NULL,
	FOREIGN KEY (`pre_qualification_id`) REFERENCES `pre_qualifications`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `pitchdecks` (
	`id` text PRIMARY KEY NOT NULL,
	`qualification_id` text NOT NULL,
	`template_id` text,
	`status` text DEFAULT 'draft' NOT NULL,
	`is_final` integer DEFAULT false NOT NULL,
	`generated_at` integer,
	FOREIGN KEY (`qualification_id`) REFERENCES `qualifications`(`id`) ON UPDATE no action ON DELETE cascade,
	FOREIGN KEY (`template_id`) REFERENCES `pitchdeck_templates`(`id`) ON UPDATE no action ON DELETE set null
);
CREATE TABLE `pitchdeck_slides` (
	`pitchdeck_id` text NOT NULL,
	`position` integer NOT NULL,
	`title` text NOT NULL,
	`body` text,
	PRIMARY KEY(`pitchdeck_id`, `position`),
	FOREIGN KEY (`pitchdeck_id`) REFERENCES `pitchdecks`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `pitchdeck_templates` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`layout` text NOT NULL,
	`thumbnail` blob
);
CREATE TABLE `background_jobs` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`parent_job_id` integer,
	`job_type` text NOT NULL,
	`status` text DEFAULT 'pending' NOT NULL,
	`progress` integer DEFAULT 0 NOT NULL,
	`payload` text,
	`error_message` text,
	`started_at` integer,
	`completed_at` integer,
	FOREIGN KEY (`parent_job_id`) REFERENCES `background_jobs`(`id`) ON UPDATE no action ON DELETE set null
);
CREATE TABLE `sessions` (
	`session_token` text PRIMARY KEY NOT NULL,
	`user_id` text NOT NULL,
	`expires` integer NOT NULL,
	FOREIGN KEY (`user_id`) REFERENCES `users`(`id`) ON UPDATE no action ON DELETE cascade
);
CREATE TABLE `verification_tokens` (
	`identifier` text NOT NULL,
	`token` text NOT NULL,
	`expires` integer NOT NULL,
	PRIMARY KEY(`identifier`, `token`)
);
