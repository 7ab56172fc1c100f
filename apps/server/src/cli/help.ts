export const HELP = `confab: a chat server whose acknowledged messages are never lost, doubled or reordered.

  confab [start]           run the server
  confab config            print the settings as they hold, without secrets
  confab config --markdown print the table of all settings
  confab user add NAME     create an account (the password is read from standard input); on SQLite the server must be stopped
  confab migrate           make or update the tables in Cassandra
  confab migrate --from sqlite --to cassandra
                           move everything into Cassandra, or the other way round; stop it and run it again as you like
  confab plan              size a fleet from measured costs: confab plan --connections 2e6 --messages 9300; --help says more
  confab version           print the version
  confab help              print this

Settings are environment variables. Those that are no secrets are also flags of start: CONFAB_DATA_DIR is --data-dir.
  confab start --port 9000 --data-dir /srv/confab`;
