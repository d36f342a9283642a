// Why a process cannot be looked into, and what to do about it. `gather_access` asks the machine; `why_refused` is a
// pure function of the answers, so that tests bring machines of all kinds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace palloscope::trace {

struct AccessFacts {
  std::uint32_t pid = 0;
  bool exists = true;
  int open_fault = 0;  // errno of opening /proc/PID/mem, which the kernel grants as it grants tracing; 0: granted

  std::uint32_t own_uid = 0;
  bool own_may_trace = false;            // CAP_SYS_PTRACE, effective
  std::uint64_t own_user_namespace = 0;  // inode; 0: not known
  std::uint32_t uid = 0;                 // the process's, if its real, effective and saved are one
  bool uids_differ = false;
  std::uint32_t folder_uid = 0;      // who owns /proc/PID: root's, though the uid is another, if it is not dumpable
  std::string user;                  // the name of `uid`, if there is one
  std::uint64_t user_namespace = 0;  // inode; 0: not told to us
  int yama_scope = -1;               // -1: no Yama
  std::uint32_t tracer = 0;
  std::string tracer_name;
  std::uint32_t outer_pid = 0;  // no such pid here, but a process of this pid here calls itself so
};

AccessFacts gather_access(std::uint32_t pid, const std::filesystem::path& proc = "/proc");

// One line: what is in the way and what to do. Empty: nothing is.
std::string why_refused(const AccessFacts& facts);

// Of a process that can be read, whether it can be stopped too: one tracer at a time. Empty: yes.
std::string why_not_stopped(const AccessFacts& facts);

}  // namespace palloscope::trace
