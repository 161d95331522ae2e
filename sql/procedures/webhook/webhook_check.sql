-- What a webhook may be; NULL is not looked at. p_topics: names of events, separated by commas. DR400 an invalid value.
CREATE OR REPLACE PROCEDURE webhook_check(IN p_url VARCHAR(2000), IN p_topics VARCHAR(2000), IN p_secret VARCHAR(200))
SQL SECURITY DEFINER
BEGIN
  IF CHAR_LENGTH(p_url) NOT BETWEEN 1 AND 1000 THEN
    CALL error_raise(400, 'the address of a webhook has 1 to 1,000 characters');
  END IF;
  IF p_topics COLLATE utf8mb4_bin NOT REGEXP '^([a-z]+\\.[a-z]+(,[a-z]+\\.[a-z]+)*)?\\z' OR LENGTH(p_topics) > 1000 THEN
    CALL error_raise(400, 'the topics of a webhook are no names of events');
  END IF;
  IF p_secret COLLATE utf8mb4_bin NOT REGEXP '^whsec_[A-Za-z0-9+/]{32,88}={0,2}\\z' THEN
    CALL error_raise(400, 'the secret of a webhook is whsec_ and base64 of 24 to 64 bytes');
  END IF;
END
