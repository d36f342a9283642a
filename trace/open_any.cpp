#include "trace/open_any.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <utility>

#include "trace/file/frame.h"
#include "trace/importers/import_dump.h"
#include "trace/live/core_file.h"
#include "trace/live/snapshot_file.h"
#include "trace/live/snapshot_timeline.h"

namespace palloscope::trace {
namespace {

constexpr std::string_view kStandardInput = "standard input";

std::string read_head(std::istream& in) {
  std::string head(kSniffedBytes, '\0');
  in.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(in.gcount()));
  in.clear();
  in.seekg(0);
  return head;
}

bool is_trace(const std::string& head) {
  return head.size() >= sizeof kFileMagic && std::memcmp(head.data(), kFileMagic, sizeof kFileMagic) == 0;
}

// What is opened where it lies, not read as a text from its start to its end.
bool is_binary(const std::string& head) { return is_trace(head) || is_snapshot_file(head) || is_elf_core(head); }

core::Result<Timeline> import(std::istream& in, std::uint64_t bytes, const std::string& name,
                              const std::function<bool(double)>& progress, int pg_major) {
  const std::string head = read_head(in);
  TextSource source(in, bytes, [&progress, pass = 0, last = 0.0](double done) mutable {
    if (!progress) return true;
    if (done < last) ++pass;  // the source was read once and begins anew
    last = done;
    return progress(pass == 0 ? done / 2 : 0.5 + done / 2);
  });
  const core::Result<DumpSurvey> survey = survey_dumps(source, head, name, pg_major);
  if (!survey) return survey.error();
  Timeline timeline = Timeline::recording(survey->description);
  if (const core::Status status = emit_dumps(source, *survey, timeline.sink()); !status) return status.error();
  timeline.seek(timeline.size());
  return timeline;
}

core::Result<OpenedFile> alone(core::Result<Timeline> timeline) {
  if (!timeline) return timeline.error();
  return OpenedFile{std::move(*timeline)};
}

// Headers alone are in the events, too: only a memory with contents is kept.
core::Result<OpenedFile> with_memory(core::Result<Capture> capture, const std::string& title) {
  core::Result<OpenedFile> opened = alone(timeline_of(capture, title));
  if (!opened) return opened;
  if (capture->facts.payload) opened->memory = std::move(capture->memory);
  opened->is_headers_only = !capture->facts.payload;
  return opened;
}

core::Result<std::string> read_standard_input() {
  std::string text;
  std::array<char, 1 << 16> part{};
  while (true) {
    const ssize_t got = ::read(STDIN_FILENO, part.data(), part.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return core::Error{core::ErrorCode::Io, std::string(kStandardInput) + " cannot be read: " + std::strerror(errno)};
    if (got == 0) return text;
    text.append(part.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

core::Result<Timeline> open_any(const std::filesystem::path& file, const std::function<bool(double)>& progress,
                                int pg_major) {
  core::Result<OpenedFile> opened = open_with_memory(file, progress, pg_major);
  if (!opened) return opened.error();
  return std::move(opened->timeline);
}

core::Result<OpenedFile> open_with_memory(const std::filesystem::path& file,
                                          const std::function<bool(double)>& progress, int pg_major) {
  if (file == "-") {
    core::Result<std::string> text = read_standard_input();
    if (!text) return text.error();
    return alone(open_text(std::string(kStandardInput), std::move(*text), progress, pg_major));
  }
  const std::string name = file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    return core::Error{core::ErrorCode::BadArgument, name + ": is a folder; open a file in it"};
  std::ifstream in(file, std::ios::binary);
  if (!in) return core::Error{core::ErrorCode::NotFound, name + ": " + std::strerror(errno)};
  const std::string head = read_head(in);
  if (is_trace(head)) return alone(Timeline::open(file));
  if (is_snapshot_file(head)) return with_memory(open_snapshot_file(file), file.filename().string());
  if (is_elf_core(head)) {
    core::Result<Capture> core = open_core(file);
    if (core) core->facts.payload = true;  // everything is in it
    return with_memory(std::move(core), file.filename().string());
  }

  const std::uintmax_t bytes = std::filesystem::file_size(file, ignored);
  return alone(import(in, ignored ? 0 : bytes, name, progress, pg_major));
}

core::Result<Timeline> open_text(const std::string& name, std::string text, const std::function<bool(double)>& progress,
                                 int pg_major) {
  const std::uint64_t bytes = text.size();
  if (is_binary(text.substr(0, kSniffedBytes)))
    return core::Error{core::ErrorCode::Unsupported, name + ": a trace, snapshot or core, which is opened as a file"};
  std::istringstream in(std::move(text));
  return import(in, bytes, name, progress, pg_major);
}

}  // namespace palloscope::trace
