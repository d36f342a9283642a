#include "trace/live/proc_files.h"

#include <fcntl.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace palloscope::trace {
namespace {

constexpr std::size_t kMostMappings = 1'000'000;

// The text up to `end` (which is passed), or all of it.
std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return taken;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\n')) text.remove_suffix(1);
  return text;
}

// The next word's number; nothing if it is none.
template <class Number>
std::optional<Number> take_number(std::string_view& text, int base = 10) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  Number number{};
  const auto [stop, fault] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (fault != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  return number;
}

template <class Number>
void set_number(Number& into, std::string_view text, int base = 10) {
  if (const auto number = take_number<Number>(text, base)) into = *number;
}

void set_kilobytes(std::uint64_t& into, std::string_view text) {
  set_number(into, text);
  into = into <= ~std::uint64_t{0} / 1024 ? into * 1024 : 0;
}

void set_uids(ProcessStatus& status, std::string_view text) {
  for (std::uint32_t* const id : {&status.real_uid, &status.effective_uid, &status.saved_uid})
    if (const auto number = take_number<std::uint32_t>(text)) *id = *number;
}

void set_line(ProcessStatus& status, std::string_view key, std::string_view value) {
  if (key == "Name") status.name = value;
  if (key == "State" && !value.empty()) status.state = value.front();
  if (key == "Pid") set_number(status.pid, value);
  if (key == "PPid") set_number(status.parent, value);
  if (key == "TracerPid") set_number(status.tracer, value);
  if (key == "Threads") set_number(status.threads, value);
  if (key == "Uid") set_uids(status, value);
  if (key == "Gid") set_number(status.gid, value);
  if (key == "VmRSS") set_kilobytes(status.rss_bytes, value);
  if (key == "RssAnon") set_kilobytes(status.rss_anon, value);
  if (key == "RssFile") set_kilobytes(status.rss_file, value);
  if (key == "RssShmem") set_kilobytes(status.rss_shmem, value);
  if (key == "CapEff") set_number(status.effective_capabilities, value, 16);
  if (key == "NSpid")
    while (const auto pid = take_number<std::uint32_t>(value)) status.namespace_pids.push_back(*pid);
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// "55d0e8a00000-55d0e8b00000 rw-p 0009f000 fe:00 1234      /usr/bin/x y"
std::optional<Mapping> parse_mapping(std::string_view line) {
  Mapping mapping{};
  const auto begin = take_number<std::uint64_t>(line, 16);
  if (!begin || !take_char(line, '-')) return std::nullopt;
  const auto end = take_number<std::uint64_t>(line, 16);
  if (!end || *end <= *begin || !take_char(line, ' ')) return std::nullopt;
  const std::string_view rights = take_until(line, ' ');
  if (rights.size() < 4) return std::nullopt;
  const auto offset = take_number<std::uint64_t>(line, 16);
  const auto major = take_number<std::uint32_t>(line, 16);
  if (!offset || !major || !take_char(line, ':')) return std::nullopt;
  const auto minor = take_number<std::uint32_t>(line, 16);
  const auto inode = take_number<std::uint64_t>(line);
  if (!minor || !inode) return std::nullopt;
  mapping.begin = {*begin};
  mapping.end = {*end};
  mapping.read = rights[0] == 'r';
  mapping.write = rights[1] == 'w';
  mapping.exec = rights[2] == 'x';
  mapping.shared = rights[3] == 's';
  mapping.file_offset = *offset;
  mapping.device = makedev(*major, *minor);
  mapping.inode = *inode;
  mapping.name = trimmed(line);
  return mapping;
}

}  // namespace

std::optional<std::string> read_proc_file(const std::filesystem::path& path, std::size_t most) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (file < 0) return std::nullopt;
  std::string text;
  std::array<char, 65536> piece;
  while (text.size() < most) {
    const ssize_t got = read(file, piece.data(), std::min(piece.size(), most - text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      const int fault = errno;
      close(file);
      errno = fault;
      return std::nullopt;
    }
    if (got == 0) break;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
  close(file);
  return text;
}

std::string read_link(const std::filesystem::path& link) {
  std::error_code fault;
  const std::filesystem::path target = std::filesystem::read_symlink(link, fault);
  return fault ? std::string() : target.string();
}

std::optional<ProcessStatus> parse_status(std::string_view text) {
  ProcessStatus status;
  while (!text.empty()) {
    std::string_view line = take_until(text, '\n');
    const std::string_view key = take_until(line, ':');
    set_line(status, key, trimmed(line));
  }
  if (status.pid == 0) return std::nullopt;
  return status;
}

std::optional<ProcessStatus> read_status(const std::filesystem::path& proc, std::uint32_t pid) {
  const auto text = read_proc_file(proc / std::to_string(pid) / "status");
  return text ? parse_status(*text) : std::nullopt;
}

std::vector<Mapping> parse_maps(std::string_view text) {
  std::vector<Mapping> mappings;
  while (!text.empty() && mappings.size() < kMostMappings)
    if (auto mapping = parse_mapping(take_until(text, '\n'))) mappings.push_back(std::move(*mapping));
  return mappings;
}

std::vector<std::uint32_t> list_pids(const std::filesystem::path& proc) {
  std::vector<std::uint32_t> pids;
  std::error_code fault;
  for (std::filesystem::directory_iterator entry(proc, fault), end; !fault && entry != end; entry.increment(fault)) {
    const std::string name = entry->path().filename().string();
    std::uint32_t pid = 0;
    const auto [stop, wrong] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (wrong == std::errc{} && stop == name.data() + name.size()) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

std::string read_title(const std::filesystem::path& proc, std::uint32_t pid) {
  std::string title = read_proc_file(proc / std::to_string(pid) / "cmdline", 65536).value_or("");
  std::replace(title.begin(), title.end(), '\0', ' ');
  title.erase(title.find_last_not_of(' ') + 1);
  return title;
}

std::uint64_t start_ticks(const std::filesystem::path& proc, std::uint32_t pid) {
  const auto stat = read_proc_file(proc / std::to_string(pid) / "stat", 65536);
  if (!stat) return 0;
  // The name stands in brackets and may hold brackets and blanks: fields are counted from its end, where field 3
  // begins.
  const std::size_t name_end = stat->rfind(')');
  if (name_end == std::string::npos) return 0;
  std::string_view fields = std::string_view(*stat).substr(std::min(name_end + 2, stat->size()));
  for (int field = 3; field < 22; ++field) take_until(fields, ' ');
  return take_number<std::uint64_t>(fields).value_or(0);
}

std::int64_t started_seconds(const std::filesystem::path& proc, std::uint32_t pid) {
  const auto machine = read_proc_file(proc / "stat");
  const std::size_t boot_line = machine ? machine->find("btime ") : std::string::npos;
  if (boot_line == std::string::npos) return 0;
  std::string_view boot = std::string_view(*machine).substr(boot_line + 6);
  const auto booted = take_number<std::int64_t>(boot);
  const std::uint64_t ticks = start_ticks(proc, pid);
  const auto per_second = static_cast<std::uint64_t>(std::max(sysconf(_SC_CLK_TCK), 1L));
  return booted && ticks > 0 ? *booted + static_cast<std::int64_t>(ticks / per_second) : 0;
}

std::uint32_t pid_of_inner(const std::filesystem::path& proc, std::uint32_t inner) {
  for (const std::uint32_t pid : list_pids(proc)) {
    const auto status = read_status(proc, pid);
    if (status && status->namespace_pids.size() > 1 && status->namespace_pids.back() == inner) return pid;
  }
  return 0;
}

std::uint64_t available_memory(const std::filesystem::path& proc) {
  const std::string text = read_proc_file(proc / "meminfo").value_or("");
  const std::size_t at = text.find("MemAvailable:");
  std::uint64_t bytes = 0;
  if (at != std::string::npos) set_kilobytes(bytes, trimmed(std::string_view(text).substr(at + 13)));
  return bytes;
}

}  // namespace palloscope::trace
