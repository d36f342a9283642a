#include "gui/app.h"

#include <imgui.h>

#include <algorithm>
#include <utility>

#include "gui/key_input.h"
#include "gui/look.h"
#include "gui/opening.h"
#include "gui/picture/picture_files.h"
#include "gui/picture/png_writer.h"
#include "gui/picture/software_renderer.h"
#include "gui/picture/svg_writer.h"
#include "gui/view_link.h"

namespace palloscope::gui {
namespace {

// While a file is read, a frame waits so long for its end: most files are there at once.
constexpr std::chrono::milliseconds kOpeningPatience{25};

// A tooltip comes when the mouse has rested for a while: so long after it moved, frames are drawn to let it come.
constexpr double kTooltipSeconds = 0.7, kTooltipLookSeconds = 0.1;

}  // namespace

App::App(std::span<const unsigned char> system_chinese) : imgui_(ImGui::CreateContext()) {
  ImGui::SetCurrentContext(imgui_);
  ImGuiIO& io = ImGui::GetIO();
  io.IniFilename = nullptr;  // what is worth remembering is in the preferences
  io.LogFilename = nullptr;
  io.ConfigWindowsMoveFromTitleBarOnly = true;
  io.ConfigInputTextCursorBlink = false;  // a blinking cursor would keep an idle window drawing
  fonts_ = load_fonts(system_chinese);
  workspace_ = std::make_unique<WorkspaceView>();
}

App::~App() {
  workspace_.reset();
  ImGui::DestroyContext(imgui_);
}

bool App::wants_frame() const { return fresh_frames_ > 0 || glows_ || session_.is_moving(); }

double App::seconds_to_next_frame() const {
  if (fresh_frames_ > 0 || glows_) return 0;
  const double move = session_.seconds_to_next_move();
  if (!awaits_tooltip_) return move;
  return move < 0 ? kTooltipLookSeconds : std::min(move, kTooltipLookSeconds);
}

void App::open_at_start(std::filesystem::path file, std::optional<EventNumber> at) {
  session_.opening = std::make_shared<Opening>(std::move(file));
  seek_when_open_ = at;
}

void App::frame() {
  ImGui::SetCurrentContext(imgui_);
  const bool opens_now = session_.opens_next();
  const Theme& theme = theme_of(session_.preferences.theme);
  apply_look(theme, kBaseTextPx * session_.preferences.text_scale * monitor_scale_, fonts_);
  const bool makes_svg = session_.picture_wanted && session_.picture_wanted->svg && picture_countdown_ == 1;
  ImGui::GetStyle().AntiAliasedFill = ImGui::GetStyle().AntiAliasedLines = is_anti_aliased_ && !makes_svg;
  now_s_ += ImGui::GetIO().DeltaTime;
  if (fresh_frames_ > 0) --fresh_frames_;
  glows_ = false;

  ImGui::NewFrame();
  queue_key_commands(session_, actions_);
  const PanelContext context{.session = session_,
                             .actions = actions_,
                             .theme = theme,
                             .strings = strings_of(session_.preferences.language),
                             .fonts = fonts_,
                             .map_surface = has_no_gpu_ || surfaces_.has_gpu_map() ? &surfaces_ : nullptr,
                             .pool_surface = has_no_gpu_ || surfaces_.has_gpu_pool() ? &surfaces_ : nullptr,
                             .is_focused = false,
                             .filter_wanted = session_.filter_wanted,
                             .now_s = now_s_,
                             .changed_s = changed_s_,
                             .wants_frame = &glows_};
  draw(context);
  ImGui::Render();
  take_wanted_picture();

  const ImVec2 moved = ImGui::GetIO().MouseDelta;
  if (moved.x != 0 || moved.y != 0) mouse_moved_s_ = now_s_;
  awaits_tooltip_ = ImGui::IsAnyItemHovered() && now_s_ - mouse_moved_s_ < kTooltipSeconds;

  session_.filter_wanted = session_.find_wanted = false;
  apply_queued();
  if (std::exchange(session_.paste_wanted, false)) paste();
  if (opens_now || (session_.opening && session_.opening->wait_for(kOpeningPatience))) {
    finish_opening(session_);
    if (seek_when_open_ && session_.document) session_.document->timeline.seek(*seek_when_open_);
    seek_when_open_.reset();
    fresh_frames_ = 3;
  }
  advance(session_, ImGui::GetIO().DeltaTime);
  if (session_.event_count() != last_count_) {
    last_count_ = session_.event_count();
    fresh_frames_ = 3;
  }
  if (session_.cursor() != last_cursor_) {
    last_cursor_ = session_.cursor();
    changed_s_ = now_s_;
    fresh_frames_ = 3;
  }
  if (!session_.clipboard.empty()) {
    ImGui::SetClipboardText(session_.clipboard.c_str());
    session_.clipboard.clear();
  }
}

RectF App::part_of(std::string_view panel) const {
  const ImVec2 size = ImGui::GetIO().DisplaySize;
  return workspace_->place_of(panel).value_or(RectF{0, 0, size.x, size.y});
}

Picture App::drawn_picture(std::string_view panel) {
  const auto pictures = [this](std::uint64_t texture) { return surfaces_.picture(texture); };
  Picture whole = rasterise(*ImGui::GetDrawData(), theme_of(session_.preferences.theme).ground, pictures);
  if (panel.empty()) return whole;
  const RectF part = part_of(panel);
  return cut_out(whole, static_cast<int>(part.x), static_cast<int>(part.y), static_cast<int>(part.width),
                 static_cast<int>(part.height));
}

std::string App::drawn_svg(std::string_view panel, const std::string& title) {
  const auto pictures = [this](std::uint64_t texture) { return surfaces_.picture(texture); };
  return svg_text(*ImGui::GetDrawData(), theme_of(session_.preferences.theme).ground, pictures, part_of(panel), title);
}

void App::take_wanted_picture() {
  if (!session_.picture_wanted) return;
  if (picture_countdown_ == 0) picture_countdown_ = 4;
  fresh_frames_ = std::max(fresh_frames_, 2);
  if (--picture_countdown_ > 0) return;
  const PictureRequest wanted = *std::exchange(session_.picture_wanted, std::nullopt);
  const std::filesystem::path file = picture_file(session_, wanted);
  const std::string said = picture_text(session_);
  const core::Status written = wanted.svg ? write_text(file, drawn_svg(wanted.panel, said))
                                          : write_stable_png(file, drawn_picture(wanted.panel), said);
  session_.message = written ? Message{MessageKind::Notice, "message.picture_saved", file.string()}
                             : Message{MessageKind::Problem, "message.cannot_save", written.error().message};
}

// What is in the clipboard: a link that was copied here, else what a server printed.
void App::paste() {
  const char* held = ImGui::GetClipboardText();
  const std::string text = held != nullptr ? held : "";
  if (text.find_first_not_of(" \t\r\n") == std::string::npos) {
    session_.message = Message{MessageKind::Notice, "message.nothing_to_paste", ""};
    return;
  }
  if (looks_like_view_link(text))
    apply(session_, OpenLink{text});
  else
    apply(session_, OpenText{strings_of(session_.preferences.language)("app.clipboard"), text});
}

void App::apply_queued() {
  if (actions_.empty()) return;
  fresh_frames_ = 3;
  for (const Action& action : actions_.take()) apply(session_, action);
}

void App::draw(const PanelContext& context) {
  const ImGuiIO& io = ImGui::GetIO();
  const float em = context.em();
  ImGui::SetNextWindowPos({0, 0});
  ImGui::SetNextWindowSize(io.DisplaySize);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0.6f * em, 0.45f * em});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, 0);
  // No background of its own: the frame is cleared to the ground's colour, which costs nothing.
  ImGui::Begin("##root", nullptr,
               ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                   ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground);
  ImGui::PopStyleVar(2);
  top_bar_.draw(context);
  if (session_.message) draw_message(context);

  if (session_.opening) draw_opening(context);
  if (session_.opens_next()) {
    draw_loading(context);
  } else if (!session_.document) {
    draw_welcome(context);
  } else {
    const float line = ImGui::GetTextLineHeight() + 0.5f * em, status = caption_.empty() ? line : 2 * line;
    ImGui::BeginChild("##workspace", {0, -status}, ImGuiChildFlags_None,
                      ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    workspace_->draw(context);
    ImGui::EndChild();
    draw_status_bar(context);
    if (!caption_.empty()) draw_caption(context, caption_);
  }
  ImGui::End();
  overlays_.draw(context);
}

}  // namespace palloscope::gui
