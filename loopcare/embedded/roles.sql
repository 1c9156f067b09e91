-- LoopCare's two roles and its database. Run once per server, by a superuser, connected to template1: databases made
-- later (the tests', too) then begin with the same extensions and grants.
-- An empty line ends each statement for `postgres --single -j`, which the embedded server uses; psql does not mind.

-- Owns and migrates; makes the databases of test runs.
CREATE ROLE loopcare_owner LOGIN CREATEDB;

-- Runs the pages and workers; migrations take back what it may not do (events are append-only).
CREATE ROLE loopcare_app LOGIN;

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE EXTENSION IF NOT EXISTS pg_trgm;

CREATE EXTENSION IF NOT EXISTS unaccent;

GRANT USAGE ON SCHEMA public TO loopcare_app;

ALTER DEFAULT PRIVILEGES FOR ROLE loopcare_owner IN SCHEMA public
  GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO loopcare_app;

ALTER DEFAULT PRIVILEGES FOR ROLE loopcare_owner IN SCHEMA public
  GRANT USAGE, SELECT ON SEQUENCES TO loopcare_app;

CREATE DATABASE loopcare OWNER loopcare_owner;
