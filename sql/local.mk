# Migrations (forward only) and procedures (replaced whole), installed for distrend and distren-migrate.
sqlmigrationsdir = $(pkgdatadir)/sql/migrations
sqlproceduresdir = $(pkgdatadir)/sql/procedures
dist_sqlmigrations_DATA =
dist_sqlprocedures_DATA =
