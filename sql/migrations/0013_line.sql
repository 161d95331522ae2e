-- Settings that the owner of a slave requests have the names of the line's final messages. Rules: README.md.

UPDATE slave
   SET remote_settings = JSON_REMOVE(JSON_SET(remote_settings, '$.memory_mib',
                                              JSON_EXTRACT(remote_settings, '$.memory')),
                                     '$.memory')
 WHERE remote_settings <> '' AND JSON_EXISTS(remote_settings, '$.memory');
UPDATE slave
   SET remote_settings = JSON_REMOVE(JSON_SET(remote_settings, '$.max_frame_ms',
                                              60000 * JSON_EXTRACT(remote_settings, '$.minutes_per_frame')),
                                     '$.minutes_per_frame')
 WHERE remote_settings <> '' AND JSON_EXISTS(remote_settings, '$.minutes_per_frame');
