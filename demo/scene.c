/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scene.h"

#include "font.h"

#include <stdlib.h>
#include <string.h>

#define STAGE_SURFACE 1
#define STAGE_WIDTH 288
#define STAGE_HEIGHT 176
#define BALL 48
#define LOGO 40
#define TICKER_HEIGHT 27
#define QUEUE_LIMIT 64
#define FRAMES_PER_SECOND 25

typedef struct {
  int x, y, dx, dy, size;
} Mover;

struct DemoScene {
  DemoDevice *device;
  int width, height;
  guint frame;
  DemoPicture *backdrop, *ball, *logo, *stage, *ticker;
  Mover movers[3];
  int ticker_at;
};

static void
draw (DemoScene *self, DemoOp *op)
{
  g_autoptr (GError) error = NULL;

  if (!demo_device_draw (self->device, op, &error))
    g_error ("scene: %s", error->message);
}

static void
fill (DemoScene *self, guint32 surface, DemoRect box, guint32 color)
{
  DemoOp op = { .type = DEMO_FILL, .surface = surface, .box = box, .color = color, .rop = SPICE_ROPD_OP_PUT };

  draw (self, &op);
}

static DemoRect
rect_at (int x, int y, int width, int height)
{
  return (DemoRect){ x, y, x + width, y + height };
}

/* Part of a picture starting at (from_x, from_y); parts outside the surface are cut off first. */
static void
copy_part (DemoScene *self, guint32 surface, DemoPicture *picture, DemoRect box, int from_x, int from_y)
{
  int limit_x, limit_y;
  DemoOp op = { .type = DEMO_COPY, .surface = surface, .src = picture, .rop = SPICE_ROPD_OP_PUT };

  demo_oracle_has_surface (demo_device_oracle (self->device), surface, &limit_x, &limit_y, NULL);
  box.right = MIN (box.right, limit_x);
  box.bottom = MIN (box.bottom, limit_y);
  if (box.right <= box.left || box.bottom <= box.top)
    return;
  op.box = box;
  op.area = rect_at (from_x, from_y, box.right - box.left, box.bottom - box.top);
  draw (self, &op);
}

static void
copy (DemoScene *self, guint32 surface, DemoPicture *picture, int x, int y)
{
  copy_part (self, surface, picture, rect_at (x, y, picture->width, picture->height), 0, 0);
}

static void
text (DemoScene *self, const char *line, int x, int y, int scale, guint32 ink, guint32 paper)
{
  g_autoptr (DemoPicture) picture = demo_font_picture (line, scale, ink, paper);

  copy (self, 0, picture, x, y);
}

static DemoPicture *
make_picture (const char *kind, int width, int height, guint8 format, guint32 seed, bool cache)
{
  g_autoptr (GError) error = NULL;
  DemoPictureSpec spec
      = { .kind = kind, .width = width, .height = height, .format = format, .seed = seed, .cache = cache };
  DemoPicture *picture = demo_picture_new (&spec, &error);

  if (!picture)
    g_error ("scene: %s", error->message);
  return picture;
}

static void
draw_background (DemoScene *self)
{
  int bands = 32;

  for (int i = 0; i < bands; i++) {
    DemoRect band = { 0, self->height * i / bands, self->width, self->height * (i + 1) / bands };

    if (band.bottom > band.top)
      fill (self, 0, band, (guint32) (24 + i) << 16 | (guint32) (38 + 2 * i) << 8 | (guint32) (70 + 3 * i));
  }
}

/* As much of the area as the screen has. */
static void
fill_part (DemoScene *self, DemoRect area, guint32 color)
{
  area.right = MIN (area.right, self->width);
  area.bottom = MIN (area.bottom, self->height);
  if (area.left < area.right && area.top < area.bottom)
    fill (self, 0, area, color);
}

static void
draw_frame (DemoScene *self, int x, int y, int width, int height)
{
  fill_part (self, rect_at (x - 3, y - 3, width + 6, height + 6), 0xe8e4d8);
}

static void
draw_framed (DemoScene *self, DemoPicture *picture, int x, int y)
{
  draw_frame (self, x, y, picture->width, picture->height);
  copy (self, 0, picture, x, y);
}

/* A window with text that a person can read. */
static void
draw_window (DemoScene *self, int x, int y, int width, int height)
{
  static const char *const lines[] = {
    "READ THIS? THEN IT WORKS:", "EACH LINE IS A PICTURE OF", "ONE BIT A PIXEL, COPIED AS", "DESKTOPS COPY THEIRS.", "",
    "CARAWAY INFO URI",          "CARAWAY KEY URI ENTER",
  };

  draw_frame (self, x, y, width, height);
  fill_part (self, rect_at (x, y, width, height), 0xfafaf6);
  fill_part (self, rect_at (x, y, width, 22), 0x325aa0);
  text (self, "NOTES", x + 2, y + 2, 2, 0xffffff, 0x325aa0);
  for (unsigned i = 0; i < G_N_ELEMENTS (lines); i++)
    text (self, lines[i], x + 2, y + 28 + 21 * (int) i, 2, 0x14141e, 0xfafaf6);
}

static void
draw_still (DemoScene *self, const char *title)
{
  g_autoptr (DemoPicture) photo = make_picture ("photo", 320, 200, SPICE_BITMAP_FMT_32BIT, 7, false);
  g_autoptr (DemoPicture) bars = make_picture ("bars", 256, 32, SPICE_BITMAP_FMT_24BIT, 0, false);
  g_autoptr (DemoPicture) glow = make_picture ("disc", 120, 120, SPICE_BITMAP_FMT_RGBA, 21, false);
  DemoOp blend = { .type = DEMO_ALPHA_BLEND, .alpha = 255, .src = glow, .area = { 0, 0, 120, 120 } };

  draw_background (self);
  text (self, title, 24, 20, 4, 0xffffff, 0x18263c);
  text (self, "SPICE DEMO: FILLS, COPIES, BLENDS, SURFACES", 24, 66, 2, 0xc8d8f0, 0x1c2e4c);
  draw_framed (self, photo, 24, 108);
  draw_window (self, 24, 332, 320, 176);
  copy (self, 0, bars, 372, 332);
  blend.box = rect_at (240, 250, 120, 120);
  /* A blend is not cut to size here, and the server takes no box that leaves its surface. */
  if (blend.box.right <= self->width && blend.box.bottom <= self->height)
    draw (self, &blend);
}

static void
draw_cursor (DemoScene *self)
{
  guint32 shape[24 * 24];
  DemoCursorShape cursor = { .type = SPICE_CURSOR_TYPE_ALPHA,
                             .width = 24,
                             .height = 24,
                             .unique = 1,
                             .cached = true,
                             .data = (const guint8 *) shape,
                             .size = sizeof shape };

  for (int y = 0; y < 24; y++) {
    for (int x = 0; x < 24; x++) {
      bool inside = x <= y && x + y / 2 < 18, rim = inside && (x == 0 || x == y || x + y / 2 == 17);
      guint32 argb = rim ? 0xff000000u : inside ? 0xe0e0c080u : 0;

      shape[y * 24 + x] = GUINT32_TO_LE (argb);
    }
  }
  demo_device_push_cursor (self->device, demo_command_cursor_set (&cursor, self->width / 2, self->height / 2, true));
  /* The server keeps for later clients where it has moved, not where it was set. */
  demo_device_push_cursor (self->device, demo_command_cursor_move (self->width / 2, self->height / 2));
}

DemoScene *
demo_scene_new (DemoDevice *device, const char *title)
{
  DemoScene *self = g_new0 (DemoScene, 1);
  g_autoptr (GError) error = NULL;

  self->device = device;
  demo_oracle_has_surface (demo_device_oracle (device), 0, &self->width, &self->height, NULL);
  self->backdrop = make_picture ("checker", 32, 32, SPICE_BITMAP_FMT_8BIT, 4, true);
  self->ball = make_picture ("disc", BALL, BALL, SPICE_BITMAP_FMT_RGBA, 11, true);
  self->logo = make_picture ("gradient", LOGO, LOGO, SPICE_BITMAP_FMT_32BIT, 5, true);
  self->ticker = demo_font_picture ("ONE PROTOCOL, MANY PIXELS + EVERYTHING YOU SEE HERE IS DRAWN BY QXL COMMANDS + ",
                                    3, 0xffe080, 0x202020);
  self->stage = demo_picture_from_surface (STAGE_SURFACE, STAGE_WIDTH, STAGE_HEIGHT);
  self->movers[0] = (Mover){ 10, 20, 3, 2, BALL };
  self->movers[1] = (Mover){ 120, 60, -2, 3, LOGO };
  self->movers[2] = (Mover){ 200, 100, 4, -1, 30 };
  draw_still (self, title);
  if (!demo_device_create_surface (device, STAGE_SURFACE, SPICE_SURFACE_FMT_32_xRGB, STAGE_WIDTH, STAGE_HEIGHT, &error))
    g_error ("scene: %s", error->message);
  demo_scene_step (self);
  draw_cursor (self);
  return self;
}

void
demo_scene_free (DemoScene *self)
{
  DemoPicture *pictures[] = { self->backdrop, self->ball, self->logo, self->stage, self->ticker };

  demo_device_destroy_surface (self->device, STAGE_SURFACE, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (pictures); i++)
    demo_picture_unref (pictures[i]);
  g_free (self);
}

static void
move (Mover *mover)
{
  mover->x += mover->dx;
  mover->y += mover->dy;
  if (mover->x < 0 || mover->x + mover->size > STAGE_WIDTH)
    mover->dx = -mover->dx, mover->x += 2 * mover->dx;
  if (mover->y < 0 || mover->y + mover->size > STAGE_HEIGHT)
    mover->dy = -mover->dy, mover->y += 2 * mover->dy;
}

static void
draw_stage (DemoScene *self)
{
  DemoOp ground = { .type = DEMO_FILL,
                    .surface = STAGE_SURFACE,
                    .box = { 0, 0, STAGE_WIDTH, STAGE_HEIGHT },
                    .pattern = self->backdrop,
                    .pattern_x = self->frame % 32,
                    .rop = SPICE_ROPD_OP_PUT };
  DemoOp ball = {
    .type = DEMO_ALPHA_BLEND, .surface = STAGE_SURFACE, .src = self->ball, .alpha = 230, .area = { 0, 0, BALL, BALL }
  };
  Mover *movers = self->movers;

  draw (self, &ground);
  for (guint i = 0; i < G_N_ELEMENTS (self->movers); i++)
    move (&movers[i]);
  copy (self, STAGE_SURFACE, self->logo, movers[1].x, movers[1].y);
  fill (self, STAGE_SURFACE, rect_at (movers[2].x, movers[2].y, movers[2].size, movers[2].size),
        0x40c060 + self->frame % 64);
  ball.box = rect_at (movers[0].x, movers[0].y, BALL, BALL);
  draw (self, &ball);
  copy (self, 0, self->stage, 372, 108);
}

/* Moves the strip to the left by COPY_BITS and adds the columns that come in on the right. */
static void
draw_ticker (DemoScene *self)
{
  int step = 3, top = self->height - TICKER_HEIGHT;
  DemoOp shift
      = { .type = DEMO_COPY_BITS, .box = { 0, top, self->width - step, self->height }, .from_x = step, .from_y = top };

  if (self->width <= 2 * step || top < 0)
    return;
  if (self->frame == 0)
    copy_part (self, 0, self->ticker, (DemoRect){ 0, top, MIN (self->width, self->ticker->width), self->height }, 0, 0);
  if (self->frame == 0)
    self->ticker_at = self->width % self->ticker->width / step * step;
  draw (self, &shift);
  copy_part (self, 0, self->ticker, rect_at (self->width - step, top, step, TICKER_HEIGHT), self->ticker_at, 0);
  self->ticker_at = (self->ticker_at + step) % (self->ticker->width / step * step);
}

static void
draw_clock (DemoScene *self)
{
  guint seconds = self->frame / FRAMES_PER_SECOND;
  g_autofree char *line = g_strdup_printf ("%02u:%02u:%02u", seconds / 3600 % 100, seconds / 60 % 60, seconds % 60);

  text (self, line, 372, 380, 5, 0x80ffb0, 0x10241c);
}

void
demo_scene_step (DemoScene *self)
{
  if (demo_device_queued (self->device) > QUEUE_LIMIT)
    return;
  draw_stage (self);
  draw_ticker (self);
  if (self->frame % FRAMES_PER_SECOND == 0)
    draw_clock (self);
  self->frame++;
}
