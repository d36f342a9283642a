#include "gui/cli/command_line.h"

#include <fmt/format.h>

#include <algorithm>
#include <ostream>
#include <sstream>
#include <system_error>
#include <vector>

#include "core/base/nearest_word.h"
#include "gui/cli/arguments.h"
#include "gui/cli/verb_attach.h"
#include "gui/view_link.h"
#include "trace/live/live_server.h"

namespace palloscope::gui::cli {
namespace {

std::optional<std::string_view> nearest_verb(std::string_view word) {
  std::vector<std::string_view> names;
  for (const Verb& verb : verb_table()) names.push_back(verb.name);
  return core::nearest_word(word, names);
}

bool exists(const std::filesystem::path& path) {
  std::error_code ignored;
  return path == "-" || std::filesystem::exists(path, ignored);  // "-": standard input
}

std::string verbs_text() {
  std::size_t width = 0;
  for (const Verb& verb : verb_table()) width = std::max(width, verb.name.size());
  std::string text = "\nVerbs; all but attach work without a window (palloscope VERB --help tells more):\n";
  for (const Verb& verb : verb_table()) text += fmt::format("  {:<{}}  {}\n", verb.name, width, verb.summary);
  return text +
         "\nExit status: 0 good; 1 the answer is \"no\" (differences, faults found, nothing of that kind); 2 bad usage "
         "or bad input.";
}

// `file` names nothing that exists: was it meant to be a verb?
int complain_about_missing(const std::string& file, Streams io) {
  const bool like_a_word = file.find_first_of("./\\") == std::string::npos;
  io.err << "palloscope: there is no file \"" << file << "\""
         << (like_a_word ? suggestion_for(file) : ". Check the path.") << '\n';
  return kExitBad;
}

// A link that can be followed: its file is there.
std::variant<int, WindowRequest> request_of_link(const std::string& text, WindowRequest request, Streams io) {
  const core::Result<ViewLink> link = parse_view_link(text);
  const auto refuse = [&](const std::string& why) {
    io.err << "palloscope: " << why << '\n';
    return kExitBad;
  };
  if (!link) return refuse(link.error().message);
  if (!link->file.empty() && !exists(link->file))
    return refuse(fmt::format("link: there is no file \"{}\"", link->file));
  if (!link->scenario.empty() && core::find_builtin_scenario(link->scenario) == nullptr)
    return refuse(fmt::format("link: there is no scenario \"{}\"", link->scenario));
  request.link = text;
  return request;
}

}  // namespace

std::string suggestion_for(const std::string& word) {
  if (const auto verb = nearest_verb(word)) return "; did you mean the verb \"" + std::string(*verb) + "\"?";
  return " and no such verb. See: palloscope --help";
}

std::variant<int, WindowRequest> run_command_line(Arguments arguments, Streams io) {
  if (!arguments.empty() && arguments[0] == "attach") {
    const auto read = read_attach(arguments.subspan(1), io);
    if (const int* status = std::get_if<int>(&read)) return *status;
    WindowRequest request;
    request.attach = std::get<AttachRequest>(read);
    // Told where it was asked, before a window opens.
    if (const auto server = trace::LiveServer::attach(request.attach->pid); !server)
      return complain("attach", server.error(), io);
    return request;
  }
  if (!arguments.empty())
    for (const Verb& verb : verb_table())
      if (verb.name == arguments[0]) return verb.run(arguments.subspan(1), io);

  WindowRequest request;
  std::string file, base;
  Usage usage("", "Shows PostgreSQL's memory: a recorded trace, a server's dump or a scenario, event by event.");
  usage.add(
      "FILE", &file,
      "a trace (.pscope), a scenario (.lua), a snapshot (.pssnap) or core of a server, or a server's dump (\"-\": from "
      "standard input) to open in the window; or a link to a view of one (FILE#at=N&sel=...&panels=..., as the "
      "window copies it)");
  usage.add("BASE", &base, "a second file: Differences shows what FILE has beside it");
  usage.add("--at", &request.at, "the event to stand after").takes("N");
  usage.footer(verbs_text());
  std::ostringstream mistake;
  if (const auto status = usage.parse(arguments, {io.out, mistake})) {
    // `palloscope stat FILE`: the first word is no file, so the trouble is the verb, not the number of arguments.
    if (*status != kExitGood && !arguments[0].starts_with('-') && !exists(arguments[0]))
      return complain_about_missing(arguments[0], io);
    io.err << mistake.str();
    return *status;
  }
  if (file.empty()) return request;
  if (!exists(file) && looks_like_view_link(file)) return request_of_link(file, std::move(request), io);
  if (!exists(file)) return complain_about_missing(file, io);
  if (!base.empty() && !exists(base)) return complain_about_missing(base, io);
  request.file = file;
  request.base = base;
  return request;
}

}  // namespace palloscope::gui::cli
