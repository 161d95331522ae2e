#include "tests/load/crowd.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace distren::load {

namespace {

constexpr int ports_of_an_address = 20000;  // of the 28,000 that the kernel gives out by default
constexpr int tick_ms = 1;
constexpr int idle_tick_ms = 50;
constexpr auto last_answers = std::chrono::seconds(10);

double seconds_between(Clock::time_point from, Clock::time_point to) {
  return std::chrono::duration<double>(to - from).count();
}

std::int64_t microseconds_since(Clock::time_point from) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from).count();
}

bool is_loopback(sockaddr_storage const& address) {
  if (address.ss_family == AF_INET)
    return (ntohl(reinterpret_cast<sockaddr_in const&>(address).sin_addr.s_addr) >> 24) == 127;
  return address.ss_family == AF_INET6 &&
         IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<sockaddr_in6 const&>(address).sin6_addr);
}

bool is_ip_address(std::string const& name) {
  unsigned char buffer[sizeof(in6_addr)];
  return inet_pton(AF_INET, name.c_str(), buffer) == 1 || inet_pton(AF_INET6, name.c_str(), buffer) == 1;
}

}  // namespace

Crowd::Crowd(Loop& loop, Plan plan) : loop_(loop), plan_(std::move(plan)) {}

Crowd::~Crowd() {
  if (tls_ != nullptr) SSL_CTX_free(tls_);
}

Result<void> Crowd::prepare() {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (int const error = getaddrinfo(plan_.host.c_str(), std::to_string(plan_.port).c_str(), &hints, &found); error != 0)
    return fail(Errc::unavailable, fmt::format("cannot find the server {}: {}", plan_.host, gai_strerror(error)));
  addrinfo const* chosen = found;  // IPv4 where there is a choice: it has 16 million loopback addresses
  for (addrinfo const* each = found; each != nullptr; each = each->ai_next) {
    if (each->ai_family == AF_INET) {
      chosen = each;
      break;
    }
  }
  std::memcpy(&address_, chosen->ai_addr, chosen->ai_addrlen);
  address_size_ = chosen->ai_addrlen;
  freeaddrinfo(found);
  if (plan_.plain && !is_loopback(address_))
    return fail(Errc::denied, fmt::format("{} is not this machine: without TLS slavepasswords would be readable on the "
                                          "way; leave --plain off",
                                          plan_.host));
  if (!plan_.plain) {
    tls_ = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_min_proto_version(tls_, TLS1_2_VERSION);
    SSL_CTX_set_mode(tls_,
                     SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_verify(tls_, SSL_VERIFY_PEER, nullptr);
    int const loaded = plan_.ca_file.empty() ? SSL_CTX_set_default_verify_paths(tls_)
                                             : SSL_CTX_load_verify_locations(tls_, plan_.ca_file.c_str(), nullptr);
    if (loaded != 1) return fail(Errc::invalid, fmt::format("the CA file {} cannot be read", plan_.ca_file));
  }
  for (int const pid : plan_.measured_pids) {
    if (process_use(pid).name.empty()) return fail(Errc::not_found, fmt::format("there is no process {}", pid));
  }
  return {};
}

Result<FileDescriptor> Crowd::socket_for(int number) {
  FileDescriptor socket(::socket(address_.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket)
    return fail(Errc::unavailable,
                fmt::format("no socket for slave {}: {}; see ulimit -n", number, std::strerror(errno)));
  int const on = 1;
  setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (address_.ss_family == AF_INET && is_loopback(address_)) {
    sockaddr_in from{};
    from.sin_family = AF_INET;
    from.sin_addr.s_addr = htonl((127U << 24) + 256U * (1U + static_cast<unsigned>(number / ports_of_an_address)) + 1);
    setsockopt(socket.get(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (::bind(socket.get(), reinterpret_cast<sockaddr const*>(&from), sizeof from) != 0)
      return fail(Errc::unavailable, fmt::format("no address for slave {}: {}", number, std::strerror(errno)));
  }
  if (::connect(socket.get(), reinterpret_cast<sockaddr const*>(&address_), address_size_) != 0 && errno != EINPROGRESS)
    return fail(Errc::unavailable,
                fmt::format("cannot connect to {} port {}: {}", plan_.host, plan_.port, std::strerror(errno)));
  return socket;
}

ssl_st* Crowd::new_tls() {
  if (tls_ == nullptr) return nullptr;
  SSL* const tls = SSL_new(tls_);
  if (is_ip_address(plan_.host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), plan_.host.c_str());
  } else {
    SSL_set1_host(tls, plan_.host.c_str());
    SSL_set_tlsext_host_name(tls, plan_.host.c_str());
  }
  SSL_set_connect_state(tls);
  return tls;
}

void Crowd::begin() {
  loop_.post([this] {
    began_ = last_tick_ = Clock::now();
    figures_.slaves = static_cast<std::int64_t>(plan_.slaves.size());
    for (int const pid : plan_.measured_pids) figures_.watched.push_back({.before = process_use(pid)});
    for (auto const& pair : plan_.slaves)
      slaves_.push_back(std::make_unique<Slave>(*this, pair, static_cast<int>(slaves_.size())));
    if (plan_.result_bytes > 0)
      uploaders_ = std::make_unique<Uploaders>(loop_, plan_.upload_threads, plan_.result_bytes, plan_.ca_file);
    timer_ = loop_.every(plan_.idle ? idle_tick_ms : tick_ms, [this] { tick(); });
    connect_some();
  });
}

void Crowd::stop() {
  loop_.post([this] {
    if (stage_ == Stage::measuring) figures_.seconds = seconds_between(phase_began_, Clock::now());
    finish({});
  });
}

void Crowd::connect_some() {
  while (connecting_ < plan_.concurrent_sign_ons && next_ < static_cast<int>(slaves_.size())) {
    ++connecting_;
    slaves_[static_cast<std::size_t>(next_++)]->connect();
  }
}

void Crowd::signed_on(int heartbeat_ms) {
  heartbeat_ms_ = heartbeat_ms;
  --connecting_;
  ++there_;
  if (stage_ == Stage::connecting) figures_.signed_on = there_;
}

void Crowd::not_signed_on(int number, std::string const& why, int again_ms) {
  --connecting_;
  if (again_ms < 0) {
    ++given_up_;
    return figures_.trouble("could not sign on", why);
  }
  figures_.trouble("signed on at a later try", why);
  later(number, 0, again_ms);
}

void Crowd::lost(int number, std::string_view why) {
  --there_;
  if (stage_ == Stage::over) return;
  figures_.trouble("connection lost", std::string(why));
  later(number, 0, 1000);
}

void Crowd::ordered(int number, std::int64_t attempt, std::optional<Clock::time_point> said) {
  if (stage_ == Stage::measuring) {
    ++figures_.orders;
    if (said) figures_.next_order.add(microseconds_since(*said));
  }
  // At once where nothing says otherwise, without a turn of the timer.
  if (plan_.render == 0 && plan_.rate == 0 && (stage_ == Stage::warming_up || stage_ == Stage::measuring))
    return slaves_[static_cast<std::size_t>(number)]->finish(attempt);
  rendering_.push_back({Clock::now() + std::chrono::milliseconds(plan_.render), number, attempt});
}

void Crowd::accepted(Clock::time_point said) {
  if (stage_ != Stage::measuring) return;
  ++figures_.results;
  figures_.accepted.add(microseconds_since(said));
}

void Crowd::later(int number, std::int64_t attempt, int milliseconds) {
  auto const at = Clock::now() + std::chrono::milliseconds(milliseconds);
  later_.emplace(at, Due{at, number, attempt});
}

void Crowd::upload(std::string url, Image image, Uploaders::Done done) {
  uploaders_->start(std::move(url), std::move(image), std::move(done));
}

void Crowd::release(Clock::time_point now) {
  allowance_ += plan_.rate * seconds_between(last_tick_, now);
  // Nothing is saved up for later than a tenth of a second: steady means steady.
  allowance_ = std::min(allowance_, std::max(1.0, plan_.rate / 10));
  while (!rendering_.empty() && rendering_.front().at <= now && (plan_.rate == 0 || allowance_ >= 1)) {
    Due const due = rendering_.front();
    rendering_.pop_front();
    allowance_ -= plan_.rate == 0 ? 0 : 1;
    slaves_[static_cast<std::size_t>(due.number)]->finish(due.attempt);
  }
}

// Each slave once a heartbeat, evenly over it.
void Crowd::ping_some(Clock::time_point now) {
  if (slaves_.empty()) return;
  ping_debt_ += static_cast<double>(slaves_.size()) * seconds_between(last_tick_, now) * 1000 / heartbeat_ms_;
  for (; ping_debt_ >= 1; ping_debt_ -= 1) slaves_[ping_next_++ % slaves_.size()]->ping();
}

void Crowd::tick() {
  if (stage_ == Stage::over) return;
  auto const now = Clock::now();
  while (!later_.empty() && later_.begin()->first <= now) {
    Due const due = later_.begin()->second;
    later_.erase(later_.begin());
    Slave& slave = *slaves_[static_cast<std::size_t>(due.number)];
    if (due.attempt == 0) {
      ++connecting_;
      slave.connect();
    } else {
      slave.say_again(due.attempt);
      slave.finish(due.attempt);  // does nothing for one that was said
    }
  }
  ping_some(now);
  if (stage_ == Stage::warming_up || stage_ == Stage::measuring) release(now);
  last_tick_ = now;
  double const phase = seconds_between(phase_began_, now);
  switch (stage_) {
    case Stage::connecting:
      connect_some();
      if (static_cast<std::size_t>(there_ + given_up_) == slaves_.size()) {
        everybody_is_there();
      } else if (seconds_between(began_, now) > plan_.sign_on_timeout_s) {
        finish(fail(Errc::unavailable, fmt::format("only {} of {} slaves are signed on after {} s", there_,
                                                   slaves_.size(), plan_.sign_on_timeout_s)));
      }
      break;
    case Stage::warming_up:
      if (phase < plan_.warm_up) break;
      watch(&Watched::start);
      own_cpu_before_ = process_use(getpid()).cpu_s;
      stage_ = Stage::measuring;
      phase_began_ = Clock::now();
      break;
    case Stage::measuring:
      if (phase < plan_.seconds) break;
      figures_.seconds = phase;
      watch(&Watched::end);
      figures_.own_cpu_s = process_use(getpid()).cpu_s - own_cpu_before_;
      stage_ = Stage::ending;
      phase_began_ = now;
      break;
    case Stage::ending:
      if (std::ranges::all_of(slaves_, [](auto const& slave) { return slave->unanswered() == 0; })) {
        finish({});
      } else if (now - phase_began_ > last_answers) {
        figures_.trouble("no answer", "results were said and not answered within 10 s");
        finish({});
      }
      break;
    case Stage::over:
      break;
  }
}

void Crowd::everybody_is_there() {
  if (there_ == 0)
    return finish(fail(Errc::denied, "no slave could sign on: " +
                                         (figures_.samples.empty() ? std::string() : figures_.samples.front())));
  figures_.sign_on_s = seconds_between(began_, Clock::now());
  watch(&Watched::connected);
  stage_ = Stage::warming_up;
  phase_began_ = Clock::now();
}

void Crowd::watch(ProcessUse Watched::*when) {
  for (auto& each : figures_.watched) each.*when = process_use(each.before.pid);
}

void Crowd::finish(Result<void> outcome) {
  if (stage_ == Stage::over) return;
  stage_ = Stage::over;
  for (auto& slave : slaves_) slave->close();
  if (uploaders_) uploaders_->stop();
  timer_.reset();
  result_.set_value(outcome ? Result<Figures>(std::move(figures_)) : Result<Figures>(outcome.error()));
}

}  // namespace distren::load
