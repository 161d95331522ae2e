// What distren-load was asked to do. Values; times in milliseconds unless the name says otherwise.
#pragma once

#include <string>
#include <vector>

namespace distren::load {

struct KeyPair {
  std::string key;
  std::string password;
};

struct Plan {
  std::string host = "localhost";
  int port = 4554;
  std::string ca_file;  // empty: the system's
  bool plain = false;   // no TLS, to a loopback address only
  std::vector<KeyPair> slaves;
  double seconds = 10;  // how long it is measured
  double warm_up = 2;   // seconds of work before that
  bool idle = false;    // connected, but no orders wanted
  int render = 0;       // from an order to its result
  int cpu = 0;          // said in each result; 0: as long as it rendered, at least 1
  int result_bytes = 0;
  double rate = 0;                // results a second of all together; 0: as fast as they come
  int concurrent_sign_ons = 100;  // maximum
  int upload_threads = 4;
  int sign_on_timeout_s = 300;  // until all are signed on
  int slots = 1;
  int cores = 8;
  std::string method = "blender";
  std::string version = "99.0";
  std::vector<int> measured_pids;  // processes whose CPU time and memory are reported
};

}  // namespace distren::load
