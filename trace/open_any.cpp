#include "trace/open_any.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <string>
#include <system_error>
#include <utility>

#include "trace/file/frame.h"
#include "trace/importers/import_dump.h"

namespace palloscope::trace {
namespace {

std::string read_head(std::ifstream& in) {
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

}  // namespace

core::Result<Timeline> open_any(const std::filesystem::path& file, const std::function<bool(double)>& progress,
                                int pg_major) {
  const std::string name = file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    return core::Error{core::ErrorCode::BadArgument, name + ": is a folder; open a file in it"};
  std::ifstream in(file, std::ios::binary);
  if (!in) return core::Error{core::ErrorCode::NotFound, name + ": " + std::strerror(errno)};
  const std::string head = read_head(in);
  if (is_trace(head)) return Timeline::open(file);

  const std::uintmax_t bytes = std::filesystem::file_size(file, ignored);
  TextSource source(in, ignored ? 0 : bytes, [&progress, pass = 0, last = 0.0](double done) mutable {
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

}  // namespace palloscope::trace
