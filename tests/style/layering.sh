#!/usr/bin/env bash
# Who may include what (doc/architecture.md): each library has one home, and the folders do not reach into each other.
cd "${top_srcdir:-.}" || exit 1
number=0
check() {  # SENTENCE PATTERN ALLOWED-FILES-REGEX [FOLDERS]: no file but the allowed ones includes the pattern
  number=$((number + 1))
  local found
  # shellcheck disable=SC2086  # folders are a list of words
  found=$(grep -rnE --include='*.cpp' --include='*.h' "^#include [<\"]($2)" ${4:-common server slave simpleslave client image scene} |
    grep -vE "^($3):")
  if [ -z "$found" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    sed 's/^/# /' <<<"$found"
  fi
}
says() {  # SENTENCE PATTERN ALLOWED-FILES-REGEX: no file of the server but the allowed ones says the pattern
  number=$((number + 1))
  local found
  found=$(grep -rnE --include='*.cpp' --include='*.h' "$2" server | grep -vE "^($3):")
  if [ -z "$found" ]; then
    echo "ok $number - $1"
  else
    echo "not ok $number - $1"
    sed 's/^/# /' <<<"$found"
  fi
}
none='nowhere'
check "sockets_belong_to_the_loops" 'event2/' 'server/(net|http|slaves)/[a-z_]+\.(cpp|h)'
check "the_database_has_one_door" '(mysql_|cppconn/)' 'server/database/connection\.cpp'
check "all_http_clients_are_one" 'curl/' '(common/http/http_[a-z_]+|server/notify/mail_client|server/config/mail_address)\.(cpp|h)'
check "openssl_is_for_digests_and_tls" 'openssl/' '(common/(base/digest|http/tls)\.cpp|server/(http|net|slaves)/[a-z_]+\.(cpp|h))'
check "xml_is_read_in_one_place" 'libxml/' 'common/base/xml\.(cpp|h)'
check "images_are_decoded_in_their_own_program" 'OpenImageIO/' 'image/[a-z_]+\.(cpp|h)'
check "toml_is_read_in_one_place" 'toml\+\+/' 'common/base/config\.cpp'
check "archives_are_unpacked_in_one_place" 'archive(_entry)?\.h' 'common/archive/unpack\.cpp'
check "seccomp_is_the_sandbox_s" 'seccomp\.h' 'common/process/[a-z_]+\.cpp'
check "options_are_parsed_by_main" 'CLI/' '([a-z]+/main\.cpp|server/migrate_main\.cpp|common/base/command_line\.cpp|client/[a-z_]+\.(cpp|h))'
check "what_is_common_knows_no_program" '(server|slave|simpleslave|client|image|scene)/' "$none" common
check "the_server_knows_no_other_program" '(slave|simpleslave|client|image|scene/main)/' "$none" server
check "the_slave_knows_no_other_program" '(server|simpleslave|client|image)/' "$none" slave
check "simpleslave_knows_the_slave_library_alone" '(server|client|image)/' "$none" simpleslave
check "the_client_knows_no_other_program" '(server|slave|simpleslave|image)/' "$none" client
check "the_scene_reader_knows_no_other_program" '(server|slave|simpleslave|client|image)/' "$none" scene
check "a_submission_is_planned_without_http" 'server/(api|http|live|net)/' "$none" server/submit
check "http_knows_no_services" 'server/(api|submit|jobs|store|dispatch|slaves)/' "$none" server/http
check "jobs_are_changed_without_http" 'server/(api|http|net)/' "$none" server/jobs
check "the_policy_has_no_clock_and_no_socket" '(chrono|thread|mutex|sys/|server/(http|line|net|database))' "$none" \
  "server/dispatch/policy.* server/dispatch/fair_share server/dispatch/grants.* server/dispatch/benchmarks.* \
  server/economy/*"
says "a_job_is_changed_in_one_place" \
  'store::((pause|resume|cancel|approve|change|requeue|delete|boost|hold|create)_job|requeue_task|block_user|add_job_to_shot|[a-z]+_submission[a-z_]*)\(' \
  'server/jobs/[a-z_]+\.cpp'
says "the_dispatcher_hears_of_jobs_from_one_place" 'dispatch/job_events\.h|\bset_escrow\(' \
  'server/(jobs|dispatch)/[a-z_]+\.(cpp|h)'
echo "1..$number"
