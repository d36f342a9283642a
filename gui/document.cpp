#include "gui/document.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>

#include "gui/strings.h"
#include "trace/open_any.h"

namespace palloscope::gui {
namespace {

constexpr std::uintmax_t kLargestScriptBytes = 1 << 20;

core::Result<std::string> read_script(const std::filesystem::path& path) {
  std::error_code failed;
  const std::uintmax_t bytes = std::filesystem::file_size(path, failed);
  if (failed) return core::Error{core::ErrorCode::Io, path.string() + ": " + failed.message()};
  if (bytes > kLargestScriptBytes)
    return core::Error{core::ErrorCode::BadFormat, path.string() + ": a script of more than 1 MB"};
  std::ifstream file(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file) return core::Error{core::ErrorCode::Io, path.string() + ": cannot be read"};
  return text;
}

}  // namespace

core::Result<Document> start_script(std::string_view name, std::string_view text, std::optional<ServerChoice> server) {
  const core::ScenarioInfo info = core::read_scenario_info(name, text);
  core::ScenarioOptions options;
  options.pg_major = server ? server->pg_major : info.pg_major;
  options.checking = server && server->checking;
  Document document{.timeline = trace::Timeline::recording(core::describe_scenario(info, options))};
  core::Result<core::ScenarioRun> run = core::ScenarioRun::start(name, text, options, document.timeline.sink());
  if (!run) return run.error();
  document.run.emplace(std::move(*run));
  document.title = info.title;
  document.scenario_name = info.name;
  document.script = text;
  document.panel = info.panel;
  document.server = server;
  document.unsaved = true;
  document.timeline.seek(document.timeline.size());
  return document;
}

core::Result<Document> open_scenario(std::string_view builtin_name) {
  if (builtin_name == kEmptyProcess) {
    core::Result<Document> document = start_script(kEmptyProcess, "");
    if (!document) return document;
    document->run->advance();
    document->title = {strings_of(Language::English)("welcome.console"),
                       strings_of(Language::Chinese)("welcome.console")};
    document->timeline.seek(document->timeline.size());
    return document;
  }
  const core::BuiltinScenario* scenario = core::find_builtin_scenario(builtin_name);
  if (scenario == nullptr)
    return core::Error{core::ErrorCode::NotFound, "no scenario named " + std::string(builtin_name)};
  return start_script(scenario->info.name, scenario->text);
}

core::Result<Document> open_document(const std::filesystem::path& path, const std::function<bool(double)>& progress) {
  if (path.extension() == ".lua") {
    const core::Result<std::string> text = read_script(path);
    if (!text) return text.error();
    core::Result<Document> document = start_script(path.string(), *text);
    if (document) document->path = path;
    return document;
  }
  core::Result<trace::OpenedFile> opened = trace::open_with_memory(path, progress);
  if (!opened) return opened.error();
  Document document{.timeline = std::move(opened->timeline)};
  document.memory = std::move(opened->memory);
  document.is_headers_only = opened->is_headers_only;
  if (path == "-") {
    document.title = {strings_of(Language::English)("app.standard_input"),
                      strings_of(Language::Chinese)("app.standard_input")};
  } else {
    document.path = path;
    document.title.en = path.filename().string();
  }
  document.timeline.seek(first_view(document.timeline));
  return document;
}

core::Result<Document> open_text_document(std::string_view name, std::string text) {
  core::Result<trace::Timeline> timeline = trace::open_text(std::string(name), std::move(text));
  if (!timeline) return timeline.error();
  Document document{.timeline = std::move(*timeline)};
  document.title.en = name;
  document.unsaved = true;
  document.timeline.seek(first_view(document.timeline));
  return document;
}

Document live_document(trace::Followed followed, const AttachRequest& request) {
  Document document{.timeline = std::move(followed.timeline)};
  const trace::CaptureFacts& facts = followed.facts;
  document.title.en = facts.title.empty() ? "PID " + std::to_string(facts.pid) : facts.title;
  document.unsaved = request.record.empty();
  document.timeline.seek(document.timeline.size());
  document.live_end = document.timeline.size();
  document.live = std::make_unique<LiveView>(std::move(followed.follow), facts, request);
  return document;
}

core::Result<Document> open_process(const AttachRequest& request, std::function<void()> wake) {
  core::Result<trace::LiveServer> server = trace::LiveServer::attach(request.pid);
  if (!server) return server.error();
  trace::CaptureOptions capture;
  capture.stop = request.stop;
  capture.pause_limit = std::chrono::milliseconds(request.pause_limit_ms);
  trace::FollowOptions options;
  options.paused = request.every_ms == kFollowNever;
  if (!options.paused) options.every = std::chrono::milliseconds(request.every_ms);
  options.record = request.record;
  options.rule = request.stop_when;
  options.wake = std::move(wake);
  core::Result<trace::Followed> followed =
      trace::start_follow(trace::moments_of(std::move(*server), capture, {}), std::move(options));
  if (!followed) return followed.error();
  return live_document(std::move(*followed), request);
}

EventNumber first_view(const trace::Timeline& timeline) {
  if (timeline.size() == 0 || core::has_moments(timeline.description().source)) return timeline.size();
  const std::array<std::uint8_t, 1> words = {core::Narration::kTag};
  if (const auto lesson = timeline.next_of(words, 0)) return *lesson;
  const auto samples = timeline.samples(1, timeline.size(), 512);
  const auto peak = std::max_element(samples.begin(), samples.end(), [](const auto& a, const auto& b) {
    return a.points.whole_max < b.points.whole_max;
  });
  return peak == samples.end() ? timeline.size() : peak->last;
}

void take_notes(Session& session) {
  session.bookmarks.clear();
  session.breakpoints.clear();
  session.notes.clear();
  session.notes_are_damaged = false;
  if (!session.document || session.document->path.empty()) return;
  auto notes = read_notes(session.document->path);
  if (!notes) {
    session.notes_are_damaged = true;
    session.message = Message{MessageKind::Problem, "message.notes_damaged", notes.error().message};
    return;
  }
  session.breakpoints = std::move(notes->breakpoints);
  session.bookmarks = std::move(notes->bookmarks);
  session.notes = std::move(notes->notes);
}

}  // namespace palloscope::gui
