/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* SpiceMainChannel: the type, and the start of a session. */
#include "channel/main/host.h"
#include "channel/main/main.h"

#define DEFAULT_MAX_CLIPBOARD (100 * 1024 * 1024)

enum {
  PROP_0,
  PROP_MOUSE_MODE,
  PROP_AGENT_CONNECTED,
  PROP_AGENT_CAPS,
  PROP_COLOR_DEPTH,
  PROP_DISABLE_WALLPAPER,
  PROP_DISABLE_FONT_SMOOTH,
  PROP_DISABLE_ANIMATION,
  PROP_DISABLE_DISPLAY_POSITION,
  PROP_DISABLE_DISPLAY_ALIGN,
  PROP_MAX_CLIPBOARD,
};

/**
 * SpiceMainChannel:
 *
 * The first channel of a session: mouse mode, guest agent, clipboard, files, monitors.
 *
 * What is said of threads at #SpiceChannel holds here too.
 */
G_DEFINE_TYPE_WITH_PRIVATE (SpiceMainChannel, spice_main_channel, SPICE_TYPE_CHANNEL)

static bool
finish_migration (SpiceChannel *channel)
{
  return cw_channel_session (channel) && cw_channel_main_host (channel)->migrate_finish (cw_channel_session (channel));
}

static void
handle_init (SpiceChannel *channel, const CwMessage *message)
{
  SpiceMainChannel *self = SPICE_MAIN_CHANNEL (channel);
  const CwMsgMainInit *init = message->data;
  unsigned attempt = cw_channel_attempt (channel);

  cw_monitors_set_n_displays (self->priv->monitors, init->display_channels_hint);
  if (cw_channel_session (channel))
    cw_channel_main_host (channel)->server_init (cw_channel_session (channel), init);
  if (attempt == cw_channel_attempt (channel))
    cw_main_mouse_mode (self, init->supported_mouse_modes, init->current_mouse_mode);
  if (attempt == cw_channel_attempt (channel))
    cw_agent_set_credit (self->priv->agent, init->agent_tokens);
  if (attempt == cw_channel_attempt (channel) && init->agent_connected)
    cw_main_agent_connected (self);
  if (attempt == cw_channel_attempt (channel) && !finish_migration (channel) && !cw_channel_sent_first (channel))
    cw_channel_send (channel, CW_MSGC_MAIN_ATTACH_CHANNELS, NULL);
}

static void
handle_channels_list (SpiceChannel *channel, const CwMessage *message)
{
  if (cw_channel_session (channel))
    cw_channel_main_host (channel)->server_channels (cw_channel_session (channel), message->data);
}

static void
handle_mouse_mode (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgMainMouseMode *mode = message->data;

  cw_main_mouse_mode (SPICE_MAIN_CHANNEL (channel), mode->supported_modes, mode->current_mode);
}

static void
handle_time (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgMainMultiMediaTime *time = message->data;

  if (cw_channel_session (channel))
    cw_channel_main_host (channel)->server_time (cw_channel_session (channel), time->time);
}

static void
handle_agent_connected (SpiceChannel *channel, const CwMessage *message)
{
  cw_main_agent_connected (SPICE_MAIN_CHANNEL (channel));
}

static void
handle_agent_connected_tokens (SpiceChannel *channel, const CwMessage *message)
{
  SpiceMainChannel *self = SPICE_MAIN_CHANNEL (channel);
  const CwMsgMainAgentConnectedTokens *connected = message->data;
  unsigned attempt = cw_channel_attempt (channel);

  /* What waits for tokens of an agent whose place is taken is not for this one. */
  if (cw_agent_is_connected (self->priv->agent))
    cw_agent_connect (self->priv->agent);
  cw_agent_set_credit (self->priv->agent, connected->num_tokens);
  if (attempt == cw_channel_attempt (channel))
    cw_main_agent_connected (self);
}

static void
handle_agent_disconnected (SpiceChannel *channel, const CwMessage *message)
{
  cw_main_agent_disconnected (SPICE_MAIN_CHANNEL (channel));
}

static void
handle_agent_data (SpiceChannel *channel, const CwMessage *message)
{
  g_autoptr (GBytes) body = cw_message_get_body (message);

  cw_main_agent_data (SPICE_MAIN_CHANNEL (channel), body);
}

static void
handle_agent_token (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgMainAgentToken *token = message->data;

  cw_agent_add_credit (SPICE_MAIN_CHANNEL (channel)->priv->agent, token->num_tokens);
}

static void
handle_name (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgMainName *name = message->data;

  if (cw_channel_session (channel))
    cw_channel_main_host (channel)->server_name (cw_channel_session (channel), name->name);
}

static void
handle_uuid (SpiceChannel *channel, const CwMessage *message)
{
  const CwMsgMainUuid *uuid = message->data;

  if (cw_channel_session (channel))
    cw_channel_main_host (channel)->server_uuid (cw_channel_session (channel), uuid->uuid);
}

static const CwChannelHandler handlers[] = {
  { CW_MSG_MAIN_INIT, handle_init },
  { CW_MSG_MAIN_CHANNELS_LIST, handle_channels_list },
  { CW_MSG_MAIN_MOUSE_MODE, handle_mouse_mode },
  { CW_MSG_MAIN_MULTI_MEDIA_TIME, handle_time },
  { CW_MSG_MAIN_AGENT_CONNECTED, handle_agent_connected },
  { CW_MSG_MAIN_AGENT_CONNECTED_TOKENS, handle_agent_connected_tokens },
  { CW_MSG_MAIN_AGENT_DISCONNECTED, handle_agent_disconnected },
  { CW_MSG_MAIN_AGENT_DATA, handle_agent_data },
  { CW_MSG_MAIN_AGENT_TOKEN, handle_agent_token },
  { CW_MSG_MAIN_NAME, handle_name },
  { CW_MSG_MAIN_UUID, handle_uuid },
  { CW_MSG_MAIN_MIGRATE_BEGIN, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_BEGIN_SEAMLESS, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_CANCEL, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_END, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_SWITCH_HOST, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_ACK, cw_main_handle_migration },
  { CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_NACK, cw_main_handle_migration },
  { 0, NULL },
};

static const CwChannelCap caps[] = {
  { CW_MAIN_CAP_SEMI_SEAMLESS_MIGRATE, "SPICE_MAIN_CAP_SEMI_SEAMLESS_MIGRATE" },
  { CW_MAIN_CAP_NAME_AND_UUID, "SPICE_MAIN_CAP_NAME_AND_UUID" },
  { CW_MAIN_CAP_AGENT_CONNECTED_TOKENS, "SPICE_MAIN_CAP_AGENT_CONNECTED_TOKENS" },
  { CW_MAIN_CAP_SEAMLESS_MIGRATE, "SPICE_MAIN_CAP_SEAMLESS_MIGRATE" },
  CW_CHANNEL_CAP_END,
};

/* What a migration needs alters nothing either. */
static const uint16_t read_only_messages[] = {
  CW_MSGC_MAIN_CLIENT_INFO,
  CW_MSGC_MAIN_ATTACH_CHANNELS,
  CW_MSGC_MAIN_MIGRATE_CONNECTED,
  CW_MSGC_MAIN_MIGRATE_CONNECTED_SEAMLESS,
  CW_MSGC_MAIN_MIGRATE_CONNECT_ERROR,
  CW_MSGC_MAIN_MIGRATE_END,
  CW_MSGC_MAIN_MIGRATE_DST_DO_SEAMLESS,
  0,
};

static const uint16_t prepared_messages[] = {
  CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_ACK,
  CW_MSG_MAIN_MIGRATE_DST_SEAMLESS_NACK,
  0,
};

/* Programs expect a session to survive a bad INIT that is followed by a good one. */
/* Without waiting for INIT: the list of channels comes a round trip earlier. */
static uint16_t
first_message (SpiceChannel *channel, CwBuffer *body)
{
  return CW_MSGC_MAIN_ATTACH_CHANNELS;
}

static SpiceChannelClassPrivate main_class = {
  .first_message = first_message,
  .handlers = handlers,
  .caps = caps,
  .read_only_messages = read_only_messages,
  .prepared_messages = prepared_messages,
};

static void
main_channel_reset (SpiceChannel *channel, gboolean migrating)
{
  cw_main_agent_reset (SPICE_MAIN_CHANNEL (channel));
}

static int
max_clipboard (SpiceMainChannel *self)
{
  const char *override = g_getenv ("SPICE_MAX_CLIPBOARD");

  return override ? (int) strtol (override, NULL, 10) : self->priv->max_clipboard;
}

static void
get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  SpiceMainChannel *self = SPICE_MAIN_CHANNEL (object);
  SpiceMainChannelPrivate *priv = self->priv;

  switch (id) {
  case PROP_MOUSE_MODE:
    g_value_set_int (value, priv->mouse_mode);
    break;
  case PROP_AGENT_CONNECTED:
    g_value_set_boolean (value, cw_agent_is_connected (priv->agent));
    break;
  case PROP_AGENT_CAPS:
    g_value_set_int (value, (int) (cw_agent_first_capabilities (priv->agent) & G_MAXINT));
    break;
  case PROP_COLOR_DEPTH:
    g_value_set_uint (value, 32);
    break;
  case PROP_DISABLE_WALLPAPER:
    g_value_set_boolean (value, priv->display_config.disable_wallpaper);
    break;
  case PROP_DISABLE_FONT_SMOOTH:
    g_value_set_boolean (value, priv->display_config.disable_font_smooth);
    break;
  case PROP_DISABLE_ANIMATION:
    g_value_set_boolean (value, priv->display_config.disable_animation);
    break;
  case PROP_DISABLE_DISPLAY_POSITION:
    g_value_set_boolean (value, priv->disable_display_position);
    break;
  case PROP_DISABLE_DISPLAY_ALIGN:
    g_value_set_boolean (value, priv->disable_display_align);
    break;
  case PROP_MAX_CLIPBOARD:
    g_value_set_int (value, max_clipboard (self));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  SpiceMainChannelPrivate *priv = SPICE_MAIN_CHANNEL (object)->priv;

  switch (id) {
  case PROP_COLOR_DEPTH:
    break; /* accepted and ignored: guests have forgotten how to change it */
  case PROP_DISABLE_WALLPAPER:
    priv->display_config.disable_wallpaper = g_value_get_boolean (value);
    break;
  case PROP_DISABLE_FONT_SMOOTH:
    priv->display_config.disable_font_smooth = g_value_get_boolean (value);
    break;
  case PROP_DISABLE_ANIMATION:
    priv->display_config.disable_animation = g_value_get_boolean (value);
    break;
  case PROP_DISABLE_DISPLAY_POSITION:
    priv->disable_display_position = g_value_get_boolean (value);
    cw_monitors_set_position (priv->monitors, !priv->disable_display_position);
    break;
  case PROP_DISABLE_DISPLAY_ALIGN:
    priv->disable_display_align = g_value_get_boolean (value);
    cw_monitors_set_align (priv->monitors, !priv->disable_display_align);
    break;
  case PROP_MAX_CLIPBOARD:
    priv->max_clipboard = g_value_get_int (value);
    cw_clipboard_set_max (priv->clipboard, max_clipboard (SPICE_MAIN_CHANNEL (object)));
    break;
  default:
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  }
}

static void
constructed (GObject *object)
{
  SpiceMainChannelPrivate *priv = SPICE_MAIN_CHANNEL (object)->priv;
  SpiceChannel *channel = SPICE_CHANNEL (object);
  CwDisabledEffects effects = { 0 };

  if (cw_channel_session (channel))
    effects = cw_channel_main_host (channel)->disabled_effects (cw_channel_session (channel));
  priv->display_config.disable_wallpaper |= effects.wallpaper;
  priv->display_config.disable_font_smooth |= effects.font_smooth;
  priv->display_config.disable_animation |= effects.animation;
  G_OBJECT_CLASS (spice_main_channel_parent_class)->constructed (object);
}

static void
finalize (GObject *object)
{
  SpiceMainChannelPrivate *priv = SPICE_MAIN_CHANNEL (object)->priv;

  cw_main_stop_timer (SPICE_MAIN_CHANNEL (object));
  cw_main_files_clear (SPICE_MAIN_CHANNEL (object));
  cw_monitors_free (priv->monitors);
  cw_clipboard_free (priv->clipboard);
  cw_agent_free (priv->agent);
  G_OBJECT_CLASS (spice_main_channel_parent_class)->finalize (object);
}

static void
install_flag (GObjectClass *class, guint id, const char *name, const char *blurb, gboolean initial)
{
  g_object_class_install_property (class, id,
                                   g_param_spec_boolean (name, name, blurb, initial,
                                                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT
                                                             | G_PARAM_STATIC_STRINGS));
}

static void
install_properties (GObjectClass *class)
{
  const GParamFlags readable = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;
  const GParamFlags construct = G_PARAM_READWRITE | G_PARAM_CONSTRUCT | G_PARAM_STATIC_STRINGS;

  /**
   * SpiceMainChannel:mouse-mode:
   *
   * Who moves the pointer: 0 not known yet, 1 server (motion is sent), 2 client (places are sent).
   */
  g_object_class_install_property (class, PROP_MOUSE_MODE,
                                   g_param_spec_int ("mouse-mode", "Mouse mode", "0 unknown, 1 server, 2 client", 0,
                                                     G_MAXINT, 0, readable));
  /**
   * SpiceMainChannel:agent-connected:
   *
   * Whether there is a guest agent.
   */
  g_object_class_install_property (class, PROP_AGENT_CONNECTED,
                                   g_param_spec_boolean ("agent-connected", "Agent connected",
                                                         "Whether there is a guest agent", FALSE, readable));
  /**
   * SpiceMainChannel:agent-caps-0:
   *
   * The first 31 of the guest agent's capabilities, as bits; 0 without an agent.
   */
  g_object_class_install_property (class, PROP_AGENT_CAPS,
                                   g_param_spec_int ("agent-caps-0", "Agent capabilities",
                                                     "First word of the agent's capabilities", 0, G_MAXINT, 0,
                                                     readable));
  /**
   * SpiceMainChannel:color-depth:
   *
   * Ignored.
   *
   * Deprecated: 0.37: guests do not heed it
   */
  g_object_class_install_property (class, PROP_COLOR_DEPTH,
                                   g_param_spec_uint ("color-depth", "Color depth", "Ignored", 0, 32, 0,
                                                      construct | G_PARAM_DEPRECATED));
  /**
   * SpiceMainChannel:disable-wallpaper:
   *
   * Whether the guest is asked to show no wallpaper. It is told by the first layout of monitors that is sent, as with
   * the properties like it.
   */
  install_flag (class, PROP_DISABLE_WALLPAPER, "disable-wallpaper", "Ask the guest for no wallpaper", FALSE);
  /**
   * SpiceMainChannel:disable-font-smooth:
   *
   * Whether the guest is asked not to smooth fonts.
   */
  install_flag (class, PROP_DISABLE_FONT_SMOOTH, "disable-font-smooth", "Ask the guest not to smooth fonts", FALSE);
  /**
   * SpiceMainChannel:disable-animation:
   *
   * Whether the guest is asked for no animations.
   */
  install_flag (class, PROP_DISABLE_ANIMATION, "disable-animation", "Ask the guest for no animations", FALSE);
  /**
   * SpiceMainChannel:disable-display-position:
   *
   * Whether the guest is not told where monitors are, only how large.
   */
  install_flag (class, PROP_DISABLE_DISPLAY_POSITION, "disable-display-position",
                "Do not tell the guest where monitors are", TRUE);
  /**
   * SpiceMainChannel:disable-display-align:
   *
   * Whether monitors are left where they were put, and not moved side by side.
   */
  install_flag (class, PROP_DISABLE_DISPLAY_ALIGN, "disable-display-align", "Do not put monitors side by side", FALSE);
  /**
   * SpiceMainChannel:max-clipboard:
   *
   * How many bytes a clipboard of the guest may have, -1 for no limit; 100 MiB at first. The guest is told, and what
   * has more is not taken.
   */
  g_object_class_install_property (class, PROP_MAX_CLIPBOARD,
                                   g_param_spec_int ("max-clipboard", "Largest clipboard", "Bytes, -1 for no limit", -1,
                                                     G_MAXINT, DEFAULT_MAX_CLIPBOARD, construct));
}

static void
spice_main_channel_class_init (SpiceMainChannelClass *class)
{
  GObjectClass *object_class = G_OBJECT_CLASS (class);
  SpiceChannelClass *channel_class = SPICE_CHANNEL_CLASS (class);

  object_class->constructed = constructed;
  object_class->finalize = finalize;
  object_class->get_property = get_property;
  object_class->set_property = set_property;
  channel_class->channel_reset = main_channel_reset;
  channel_class->priv = &main_class;
  install_properties (object_class);
  cw_main_install_signals (class);
}

static void
spice_main_channel_init (SpiceMainChannel *self)
{
  self->priv = spice_main_channel_get_instance_private (self);
  self->priv->wanted_mouse_mode = CW_MOUSE_MODE_CLIENT;
  cw_main_agent_init (self);
  cw_main_clipboard_init (self);
  cw_main_files_init (self);
  self->priv->monitors = cw_monitors_new (self->priv->agent);
}
