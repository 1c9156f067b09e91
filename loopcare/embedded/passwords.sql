-- For servers reached over the network, after roles.sql: psql reads both passwords from the environment.
\getenv owner_password LOOPCARE_OWNER_PASSWORD
\getenv app_password LOOPCARE_APP_PASSWORD
ALTER ROLE loopcare_owner PASSWORD :'owner_password';
ALTER ROLE loopcare_app PASSWORD :'app_password';
