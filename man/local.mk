# mdoc pages: one per program, config file and protocol.
dist_man_MANS +=
