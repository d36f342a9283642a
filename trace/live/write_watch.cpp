#include "trace/live/write_watch.h"

#include <fmt/format.h>
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

namespace palloscope::trace {
namespace {

using core::Error;
using core::ErrorCode;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kRingBytes = 32 * kPage;  // a power of two of pages: three samples
constexpr std::uint32_t kStackBytes = 32768;

#if defined(__x86_64__)
// Which of the kernel's perf_event_x86_regs are asked for; they come in the order of their numbers.
constexpr int kAx = 0, kBx = 1, kCx = 2, kDx = 3, kSi = 4, kDi = 5, kBp = 6, kSp = 7, kIp = 8, kR8 = 16;
struct RegisterRow {
  int number;
  unsigned long long Registers::*at;
};
constexpr RegisterRow kRegisters[] = {
    {kAx, &Registers::rax},     {kBx, &Registers::rbx},     {kCx, &Registers::rcx},     {kDx, &Registers::rdx},
    {kSi, &Registers::rsi},     {kDi, &Registers::rdi},     {kBp, &Registers::rbp},     {kSp, &Registers::rsp},
    {kIp, &Registers::rip},     {kR8, &Registers::r8},      {kR8 + 1, &Registers::r9},  {kR8 + 2, &Registers::r10},
    {kR8 + 3, &Registers::r11}, {kR8 + 4, &Registers::r12}, {kR8 + 5, &Registers::r13}, {kR8 + 6, &Registers::r14},
    {kR8 + 7, &Registers::r15},
};

constexpr std::uint64_t register_mask() {
  std::uint64_t mask = 0;
  for (const RegisterRow& row : kRegisters) mask |= std::uint64_t{1} << row.number;
  return mask;
}

// The record's bytes behind its header: registers' ABI, the registers, size of the stack, the stack, how much of it is
// there.
std::optional<WrittenTo> parse_sample(std::span<const std::uint8_t> record) {
  std::size_t at = 0;
  const auto next = [&](std::uint64_t& word) {
    if (record.size() - at < sizeof word) return false;
    std::memcpy(&word, record.data() + at, sizeof word);
    at += sizeof word;
    return true;
  };
  std::uint64_t abi = 0;
  WrittenTo written;
  if (!next(abi) || abi == PERF_SAMPLE_REGS_ABI_NONE) return std::nullopt;
  for (const RegisterRow& row : kRegisters) {
    std::uint64_t word = 0;
    if (!next(word)) return std::nullopt;
    written.registers.*row.at = word;
  }
  written.stack_at = {written.registers.rsp};
  std::uint64_t room = 0, there = 0;
  if (!next(room) || room > record.size() - at) return written;
  const std::uint8_t* const stack = record.data() + at;
  at += room;
  if (room == 0 || !next(there)) return written;
  written.stack.assign(stack, stack + std::min(there, room));
  return written;
}
#endif

std::string why_not(int fault, std::uint32_t pid) {
  if (fault == EACCES || fault == EPERM)
    return fmt::format(
        "a hardware watchpoint in PID {} is not allowed (kernel.perf_event_paranoid, or a rule of the container)", pid);
  if (fault == ENOSPC) return "all hardware watchpoints of the processor are in use";
  return fmt::format("a hardware watchpoint in PID {} cannot be set: {}", pid, std::strerror(fault));
}

}  // namespace

#if defined(__x86_64__)
core::Result<WriteWatch> WriteWatch::on(std::uint32_t pid, core::Address at) {
  perf_event_attr wanted{};
  wanted.type = PERF_TYPE_BREAKPOINT;
  wanted.size = sizeof wanted;
  wanted.bp_type = HW_BREAKPOINT_W;
  wanted.bp_addr = at.value;
  wanted.bp_len = HW_BREAKPOINT_LEN_8;
  wanted.sample_period = 1;
  wanted.sample_type = PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
  wanted.sample_regs_user = register_mask();
  wanted.sample_stack_user = kStackBytes;
  wanted.wakeup_events = 1;
  wanted.exclude_kernel = 1;
  wanted.exclude_hv = 1;
  const long event = syscall(SYS_perf_event_open, &wanted, static_cast<pid_t>(pid), -1, -1, PERF_FLAG_FD_CLOEXEC);
  if (event < 0) return Error{ErrorCode::Unsupported, why_not(errno, pid)};
  void* const ring = mmap(nullptr, kPage + kRingBytes, PROT_READ | PROT_WRITE, MAP_SHARED, static_cast<int>(event), 0);
  if (ring == MAP_FAILED) {
    const int fault = errno;
    close(static_cast<int>(event));
    return Error{ErrorCode::Unsupported, why_not(fault, pid)};
  }
  return WriteWatch(static_cast<int>(event), static_cast<std::uint8_t*>(ring));
}

std::optional<WrittenTo> WriteWatch::last() {
  auto& page = *reinterpret_cast<perf_event_mmap_page*>(ring_);
  std::atomic_ref<__u64> head_word(page.data_head), tail_word(page.data_tail);
  const std::uint64_t head = head_word.load(std::memory_order_acquire);
  std::uint64_t tail = tail_word.load(std::memory_order_relaxed);
  std::optional<WrittenTo> found;
  std::vector<std::uint8_t> record;
  const auto byte = [&](std::uint64_t at) { return ring_[kPage + at % kRingBytes]; };
  while (head - tail >= sizeof(perf_event_header)) {
    perf_event_header header{};
    std::array<std::uint8_t, sizeof header> raw;
    for (std::size_t i = 0; i < raw.size(); ++i) raw[i] = byte(tail + i);
    std::memcpy(&header, raw.data(), sizeof header);
    if (header.size < sizeof header || header.size > head - tail) break;
    if (header.type == PERF_RECORD_SAMPLE) {
      record.resize(header.size - sizeof header);
      for (std::size_t i = 0; i < record.size(); ++i) record[i] = byte(tail + sizeof header + i);
      if (auto sample = parse_sample(record)) found = std::move(sample);
    }
    tail += header.size;
  }
  tail_word.store(head, std::memory_order_release);
  return found;
}
#else
core::Result<WriteWatch> WriteWatch::on(std::uint32_t, core::Address) {
  return Error{ErrorCode::Unsupported, "hardware watchpoints are only known on x86-64"};
}
std::optional<WrittenTo> WriteWatch::last() { return std::nullopt; }
#endif

WriteWatch::WriteWatch(WriteWatch&& other) noexcept
    : event_(std::exchange(other.event_, -1)), ring_(std::exchange(other.ring_, nullptr)) {}

WriteWatch& WriteWatch::operator=(WriteWatch&& other) noexcept {
  if (this != &other) {
    end();
    event_ = std::exchange(other.event_, -1);
    ring_ = std::exchange(other.ring_, nullptr);
  }
  return *this;
}

WriteWatch::~WriteWatch() { end(); }

void WriteWatch::end() {
  if (ring_ != nullptr) munmap(ring_, kPage + kRingBytes);
  if (event_ >= 0) close(event_);
  ring_ = nullptr;
  event_ = -1;
}

}  // namespace palloscope::trace
