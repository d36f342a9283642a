#include "trace/live/access.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "trace/live/proc_files.h"

namespace palloscope::trace {
namespace {

constexpr std::uint64_t kSysPtrace = std::uint64_t{1} << 19;  // CAP_SYS_PTRACE

std::string name_of_user(std::uint32_t uid) {
  std::array<char, 4096> room;
  passwd entry{};
  passwd* found = nullptr;
  return getpwuid_r(uid, &entry, room.data(), room.size(), &found) == 0 && found != nullptr ? found->pw_name : "";
}

// "user:[4026531837]", as the link of a namespace reads.
std::uint64_t namespace_number(const std::filesystem::path& link) {
  const std::string text = read_link(link);
  const std::size_t bracket = text.find('[');
  std::uint64_t number = 0;
  if (bracket != std::string::npos) std::from_chars(text.data() + bracket + 1, text.data() + text.size(), number);
  return number;
}

std::string who(const AccessFacts& facts) {
  return facts.user.empty() ? fmt::format("uid {}", facts.uid) : fmt::format("{} (uid {})", facts.user, facts.uid);
}

std::string as_server_user(const AccessFacts& facts) {
  return facts.user.empty()
             ? fmt::format("setpriv --reuid={} --regid={} --clear-groups palloscope ...", facts.uid, facts.uid)
             : fmt::format("sudo -u {} palloscope ...", facts.user);
}

std::string yama_refusal(const AccessFacts& facts) {
  if (facts.yama_scope == 3)
    return fmt::format(
        "PID {}: this kernel allows no tracing at all until it is started anew (kernel.yama.ptrace_scope = 3); a core "
        "file can still be opened",
        facts.pid);
  if (facts.yama_scope == 2)
    return fmt::format("PID {}: only root may trace here (kernel.yama.ptrace_scope = 2): run palloscope by sudo",
                       facts.pid);
  return fmt::format(
      "PID {}: programs may only trace what they started (kernel.yama.ptrace_scope = 1): run palloscope by sudo, or "
      "set "
      "it to 0 (sudo sysctl kernel.yama.ptrace_scope=0)",
      facts.pid);
}

}  // namespace

AccessFacts gather_access(std::uint32_t pid, const std::filesystem::path& proc) {
  AccessFacts facts;
  facts.pid = pid;
  const std::filesystem::path folder = proc / std::to_string(pid);
  facts.own_uid = geteuid();
  if (const auto own = read_proc_file(proc / "self" / "status", 65536))
    if (const auto status = parse_status(*own))
      facts.own_may_trace = (status->effective_capabilities & kSysPtrace) != 0;
  facts.own_user_namespace = namespace_number(proc / "self" / "ns" / "user");
  if (const auto scope = read_proc_file(proc / "sys" / "kernel" / "yama" / "ptrace_scope", 16))
    std::from_chars(scope->data(), scope->data() + scope->size(), facts.yama_scope);

  const auto status = read_status(proc, pid);
  facts.exists = status.has_value() && status->state != 'Z' && status->state != 'X';
  if (!status) {
    facts.outer_pid = pid_of_inner(proc, pid);
    return facts;
  }
  facts.uid = status->effective_uid;
  facts.uids_differ = status->real_uid != status->effective_uid || status->saved_uid != status->effective_uid;
  facts.user = name_of_user(facts.uid);
  facts.tracer = status->tracer;
  if (const auto tracer = read_status(proc, status->tracer); status->tracer != 0 && tracer)
    facts.tracer_name = tracer->name;
  facts.user_namespace = namespace_number(folder / "ns" / "user");
  struct stat owner {};
  facts.folder_uid = stat(folder.c_str(), &owner) == 0 ? owner.st_uid : facts.uid;
  const int memory = open((folder / "mem").c_str(), O_RDONLY | O_CLOEXEC);
  facts.open_fault = memory < 0 ? errno : 0;
  if (memory >= 0) close(memory);
  return facts;
}

std::string why_refused(const AccessFacts& facts) {
  if (!facts.exists && facts.outer_pid != 0)
    return fmt::format(
        "PID {} is not here, but the process {} calls itself so in its container: name that one (pg_backend_pid() "
        "tells the number inside)",
        facts.pid, facts.outer_pid);
  if (!facts.exists)
    return fmt::format("PID {}: there is no such process (palloscope backends lists servers)", facts.pid);
  if (facts.open_fault == 0) return "";
  if (facts.open_fault != EACCES && facts.open_fault != EPERM)
    return fmt::format("PID {}: its memory cannot be opened: {}", facts.pid, std::strerror(facts.open_fault));

  if (facts.uid != facts.own_uid && !facts.own_may_trace) {
    if (facts.own_uid == 0)
      return fmt::format(
          "PID {} runs as {}, and this root lacks CAP_SYS_PTRACE (as in most containers): run palloscope as the "
          "server's user ({}), or start the container with --cap-add=SYS_PTRACE",
          facts.pid, who(facts), as_server_user(facts));
    return fmt::format("PID {} runs as {}, you as uid {}: run palloscope as that user ({}) or as root", facts.pid,
                       who(facts), facts.own_uid, as_server_user(facts));
  }
  if (facts.user_namespace != 0 && facts.own_user_namespace != 0 && facts.user_namespace != facts.own_user_namespace)
    return fmt::format(
        "PID {} lives in another user namespace: run palloscope in the same one (in its container, or outside of "
        "yours)",
        facts.pid);
  if (facts.yama_scope > 0 && !(facts.own_may_trace && facts.yama_scope < 3)) return yama_refusal(facts);
  if (facts.uids_differ || facts.folder_uid != facts.uid)
    return fmt::format(
        "PID {} is protected (its executable is not readable for you, or it changed its user): run palloscope as root",
        facts.pid);
  if (facts.user_namespace == 0)
    return fmt::format(
        "PID {}: the kernel does not let us in though the user is the same, as when we run in a user namespace of our "
        "own (unshare -U, rootless container): run palloscope outside of it, or in the server's",
        facts.pid);
  return fmt::format(
      "PID {}: the kernel does not let us in ({}), perhaps by a rule of the container (seccomp, AppArmor, SELinux): "
      "run palloscope as root outside of it",
      facts.pid, std::strerror(facts.open_fault));
}

std::string why_not_stopped(const AccessFacts& facts) {
  if (facts.tracer == 0) return "";
  return fmt::format("PID {} is traced by {}{} already, and a process has one tracer: end that one, or use --no-stop",
                     facts.pid, facts.tracer, facts.tracer_name.empty() ? "" : fmt::format(" ({})", facts.tracer_name));
}

}  // namespace palloscope::trace
