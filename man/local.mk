# mdoc pages: one per program, config file and protocol.
dist_man_MANS +=
dist_man_MANS += %D%/distren.1
