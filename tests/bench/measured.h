// Times and sizes of one process, for measuring programs.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <vector>

namespace palloscope::bench {

inline double ns_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}
// Processor time of this thread: what others do on the machine is not in it (but for the caches they use up).
inline double thread_ns() { return ns_of(CLOCK_THREAD_CPUTIME_ID); }
inline double process_ns() { return ns_of(CLOCK_PROCESS_CPUTIME_ID); }
inline double wall_ns() { return ns_of(CLOCK_MONOTONIC); }

class Samples {
 public:
  void add(double value) {
    values_.push_back(value);
    sorted_ = false;
  }
  bool empty() const { return values_.empty(); }
  double at(double share) {
    if (values_.empty()) return 0;
    if (!sorted_) std::sort(values_.begin(), values_.end());
    sorted_ = true;
    return values_[std::min(values_.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values_.size())))];
  }
  double median() { return at(0.5); }
  double worst() { return at(1); }

 private:
  std::vector<double> values_;
  bool sorted_ = false;
};

// Of a line "Name:   1234 kB" of /proc/self/status; 0 where there is none.
inline std::uint64_t status_bytes(const char* name) {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (!file) return 0;
  char line[256];
  unsigned long long kilobytes = 0;
  while (std::fgets(line, sizeof line, file))
    if (std::strncmp(line, name, std::strlen(name)) == 0) std::sscanf(line + std::strlen(name), ": %llu", &kilobytes);
  std::fclose(file);
  return kilobytes * 1024;
}
// Memory of the program's own, without the pages of mapped files.
inline std::uint64_t own_bytes() { return status_bytes("RssAnon"); }

}  // namespace palloscope::bench
