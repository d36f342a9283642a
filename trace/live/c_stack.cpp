#include "trace/live/c_stack.h"

#include <dwarf.h>
#include <elfutils/libdwfl.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <memory>

namespace palloscope::trace {
namespace {

using core::Address;
using core::Error;
using core::ErrorCode;

constexpr std::size_t kMostFrames = 256;
constexpr pid_t kOnlyThread = 1;  // what libdw is told: it asks us for everything anyhow

// What libdw asks for, and where frames go.
struct Unwinding {
  const Registers& registers;
  const core::MemorySource& memory;
  Dwfl* session = nullptr;
  std::vector<CFrame> frames;
};

pid_t next_thread(Dwfl*, void* unwinding, void** thread) {
  if (*thread != nullptr) return 0;
  *thread = unwinding;
  return kOnlyThread;
}

bool read_word(Dwfl*, Dwarf_Addr at, Dwarf_Word* word, void* unwinding) {
  std::array<std::uint8_t, sizeof *word> bytes;
  if (!static_cast<Unwinding*>(unwinding)->memory.read({at}, bytes)) return false;
  std::memcpy(word, bytes.data(), bytes.size());
  return true;
}

bool set_registers([[maybe_unused]] Dwfl_Thread* thread, [[maybe_unused]] void* unwinding) {
#if defined(__x86_64__)
  const Registers& r = static_cast<Unwinding*>(unwinding)->registers;
  // In the order of DWARF's numbers; the last is the return address's column.
  const Dwarf_Word words[] = {r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp, r.r8,
                              r.r9,  r.r10, r.r11, r.r12, r.r13, r.r14, r.r15, r.rip};
  return dwfl_thread_state_registers(thread, 0, std::size(words), words);
#else
  return false;
#endif
}

const Dwfl_Thread_Callbacks kThread = {next_thread, nullptr, read_word, set_registers, nullptr, nullptr};

int no_elf(Dwfl_Module*, void**, const char*, Dwarf_Addr, char**, Elf**) { return -1; }

// By build id and from this machine alone: libdw's own way asks servers in the network too.
const Dwfl_Callbacks kFiles = {no_elf, dwfl_build_id_find_debuginfo, dwfl_offline_section_address, nullptr};

CFrame frame_at(Dwfl* session, Dwarf_Addr pc, bool is_exact) {
  CFrame frame;
  frame.pc = {pc};
  // A return address may be behind the last instruction of the function that called.
  const Dwarf_Addr inside = is_exact ? pc : pc - 1;
  Dwfl_Module* const module = dwfl_addrmodule(session, inside);
  if (module == nullptr) return frame;
  Dwarf_Addr start = 0;
  const char* const name = dwfl_module_info(module, nullptr, &start, nullptr, nullptr, nullptr, nullptr, nullptr);
  frame.module = std::filesystem::path(name != nullptr ? name : "").filename().string();
  frame.offset = pc - start;
  GElf_Off offset = 0;
  GElf_Sym symbol;
  const char* const function = dwfl_module_addrinfo(module, inside, &offset, &symbol, nullptr, nullptr, nullptr);
  // The nearest name before it is another function's, unless that reaches so far.
  if (function == nullptr || offset >= std::max<std::uint64_t>(symbol.st_size, 1)) return frame;
  frame.function = function;
  frame.offset = offset + (pc - inside);
  return frame;
}

int take_frame(Dwfl_Frame* state, void* argument) {
  auto& unwinding = *static_cast<Unwinding*>(argument);
  Dwarf_Addr pc = 0;
  bool is_exact = false;
  if (!dwfl_frame_pc(state, &pc, &is_exact) || pc == 0) return DWARF_CB_ABORT;
  unwinding.frames.push_back(frame_at(unwinding.session, pc, is_exact));
  return unwinding.frames.size() < kMostFrames ? DWARF_CB_OK : DWARF_CB_ABORT;
}

// Where the file of a mapping can be opened: in the process's own root, as long as it is still the one that is mapped.
std::string file_of(const Mapping& mapping, std::uint32_t pid) {
  if (pid == 0) return mapping.name;
  std::string name = mapping.name;
  constexpr std::string_view kReplaced = " (deleted)";
  if (name.ends_with(kReplaced)) return fmt::format("/proc/{}/exe", pid);
  return fmt::format("/proc/{}/root{}", pid, name);
}

void report_modules(Dwfl* session, std::span<const Mapping> maps, std::uint32_t pid) {
  dwfl_report_begin(session);
  for (const Mapping& mapping : maps) {
    if (mapping.file_offset != 0 || mapping.inode == 0 || !mapping.name.starts_with('/')) continue;
    const bool runs = std::any_of(maps.begin(), maps.end(), [&](const Mapping& other) {
      return other.exec && other.inode == mapping.inode && other.device == mapping.device;
    });
    if (runs)
      dwfl_report_elf(session, mapping.name.c_str(), file_of(mapping, pid).c_str(), -1, mapping.begin.value, false);
  }
  dwfl_report_end(session, nullptr, nullptr);
}

}  // namespace

core::Result<std::vector<CFrame>> c_stack(const Registers& registers, const core::MemorySource& memory,
                                          std::span<const Mapping> maps, std::uint32_t pid) {
  const std::unique_ptr<Dwfl, void (*)(Dwfl*)> session(dwfl_begin(&kFiles), dwfl_end);
  if (session == nullptr) return Error{ErrorCode::Unsupported, fmt::format("libdw: {}", dwfl_errmsg(-1))};
  report_modules(session.get(), maps, pid);
  Unwinding unwinding{registers, memory, session.get(), {}};
  if (!dwfl_attach_state(session.get(), nullptr, kOnlyThread, &kThread, &unwinding))
    return Error{ErrorCode::Unsupported, fmt::format("the C stack cannot be unwound: {}", dwfl_errmsg(-1))};
  // It ends with a complaint where the tables end: at the process's first function. What was found counts.
  dwfl_getthread_frames(session.get(), kOnlyThread, take_frame, &unwinding);
  if (unwinding.frames.empty())
    return Error{ErrorCode::BadFormat, fmt::format("the C stack cannot be unwound: {}", dwfl_errmsg(-1))};
  return std::move(unwinding.frames);
}

std::string frame_text(const CFrame& frame) {
  if (frame.module.empty()) return fmt::format("{:#x}", frame.pc.value);
  if (frame.function.empty()) return fmt::format("{}+{:#x}", frame.module, frame.offset);
  return fmt::format("{}+{:#x} ({})", frame.function, frame.offset, frame.module);
}

}  // namespace palloscope::trace
