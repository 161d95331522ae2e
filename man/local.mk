# mdoc pages: one per program, config file and protocol.
dist_man_MANS += %D%/distren.1 %D%/distren-image.1 %D%/distren-load.1 %D%/distren-scene.1 %D%/distren-simpleslave.1 %D%/distren-slave.1 \
  %D%/distren-parameters.5 %D%/distren-slave.toml.5 %D%/distrend.toml.5 %D%/distren-protocol.7 %D%/distren-migrate.8 %D%/distrend.8
