#include "trace/live/holder.h"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

#include "trace/live/holder_child.h"

namespace palloscope::trace {
namespace {

using core::Error;
using core::ErrorCode;

constexpr std::chrono::seconds kPatience{2};      // with a holder that should have answered
constexpr std::chrono::seconds kLongestHold{60};  // whatever is asked for: it keeps its locks as long

Error lost(const char* what) {
  return {ErrorCode::Io,
          fmt::format("the process that holds the server's is gone ({}); the server's runs on: try again", what)};
}

// The holder answers within the limit it was given. One that does not (somebody stopped it) is killed: so the kernel
// lets the process go.
bool wait_for_answer(int socket, int child, std::chrono::nanoseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit + kPatience;
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd watched{socket, POLLIN, 0};
    const int got = poll(&watched, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 1 << 30)));
    if (got > 0) return true;
    if (got == 0 && left.count() <= 0) break;
    if (got < 0 && errno != EINTR) break;
  }
  kill(child, SIGKILL);
  return false;
}

core::Result<HolderAnswer> ask(int socket, int child, const HolderCommand& command) {
  while (send(socket, &command, sizeof command, MSG_NOSIGNAL) < 0)
    if (errno != EINTR) return lost(std::strerror(errno));
  if (!wait_for_answer(socket, child, std::chrono::nanoseconds(command.limit_ns))) return lost("it did not answer");
  HolderAnswer answer;
  ssize_t got = 0;
  while ((got = recv(socket, &answer, sizeof answer, 0)) < 0 && errno == EINTR) {
  }
  if (got != sizeof answer) return lost(got < 0 ? std::strerror(errno) : "no answer");
  return answer;
}

// Whether the child ended by itself, after a while; one that somebody stopped does not.
bool has_ended(int child) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (waitpid(child, nullptr, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return true;
}

}  // namespace

core::Result<Holder> Holder::start(std::uint32_t pid) {
  int ends[2];
  // Packets: an answer is whole or not there. Closed in whatever we start later, so that the end of ours is seen.
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return Error{ErrorCode::Io, fmt::format("a pipe to the holding process cannot be made: {}", std::strerror(errno))};
  // No signal handler of ours may run in the child.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const pid_t child = fork();
  if (child == 0) live_as_holder(static_cast<int>(pid), ends[1]);
  const int fault = errno;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  close(ends[1]);
  if (child < 0) {
    close(ends[0]);
    return Error{ErrorCode::Io, fmt::format("the holding process cannot be started: {}", std::strerror(fault))};
  }
  return Holder(child, ends[0]);
}

Holder::Holder(Holder&& other) noexcept
    : child_(std::exchange(other.child_, -1)), pipe_(std::exchange(other.pipe_, -1)) {}

Holder& Holder::operator=(Holder&& other) noexcept {
  if (this != &other) {
    end();
    child_ = std::exchange(other.child_, -1);
    pipe_ = std::exchange(other.pipe_, -1);
  }
  return *this;
}

Holder::~Holder() { end(); }

void Holder::end() {
  if (pipe_ >= 0) close(pipe_);  // the child sees it, lets go and ends
  pipe_ = -1;
  if (child_ > 0 && !has_ended(child_)) {
    kill(child_, SIGKILL);
    while (waitpid(child_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  child_ = -1;
}

core::Result<Holder::Stop> Holder::stop(std::chrono::nanoseconds limit) {
  limit = std::clamp<std::chrono::nanoseconds>(limit, std::chrono::nanoseconds(0), kLongestHold);
  const auto answer = ask(pipe_, child_, {HolderCommand::Stop, static_cast<std::uint64_t>(limit.count())});
  if (!answer) return answer.error();
  return Stop{answer->fault == 0, answer->fault, answer->registers};
}

core::Result<Holder::Release> Holder::release() {
  const auto answer = ask(pipe_, child_, {HolderCommand::Release, 0});
  if (!answer) return answer.error();
  return Release{std::chrono::nanoseconds(answer->held_ns), answer->by_limit != 0, answer->gone != 0};
}

}  // namespace palloscope::trace
