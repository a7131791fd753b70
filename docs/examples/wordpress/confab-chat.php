<?php
/**
 * Plugin Name: confab chat
 * Description: The chat on every page, for the users of this site.
 * Version: 0.9.0
 * Requires PHP: 7.4
 *
 * Put this file into wp-content/mu-plugins/. docs/widget.md says how to make the key; wp-config.php names it:
 *   define('CONFAB_KEY', '/etc/confab/site.key');
 * and, where the chat is not at /chat/:
 *   define('CONFAB_URL', '/community/chat/');
 */

/** A token that says for ten minutes who somebody is; the site vouches for it with the key. */
function confab_chat_token(WP_User $user): string
{
    $key = trim((string) file_get_contents(CONFAB_KEY));
    $encode = fn (string $text) => rtrim(strtr(base64_encode($text), '+/', '-_'), '=');
    $claims = [
        'sub' => (string) $user->ID,
        'exp' => time() + 600,
        'preferred_username' => $user->user_login,
        'email' => $user->user_email,
        'given_name' => $user->first_name,
        'family_name' => $user->last_name,
    ];
    $body = $encode('{"alg":"HS256","typ":"JWT","kid":"site"}') . '.' . $encode(wp_json_encode($claims));
    return $body . '.' . $encode(hash_hmac('sha256', $body, $key, true));
}

// WordPress calls the first for users who are logged in, the second for others.
add_action('wp_ajax_confab_token', function () {
    nocache_headers();
    header('Content-Type: text/plain');
    echo confab_chat_token(wp_get_current_user());
    wp_die('', '', ['response' => 200]);
});
add_action('wp_ajax_nopriv_confab_token', function () {
    wp_die('', '', ['response' => 403]);
});

add_action('wp_footer', function () {
    if (!is_user_logged_in()) {
        return;
    }
    printf(
        '<script type="module" src="%swidget.js" data-mode="floating" data-token-url="%s"></script>',
        esc_url(defined('CONFAB_URL') ? CONFAB_URL : '/chat/'),
        esc_url(admin_url('admin-ajax.php?action=confab_token'))
    );
});
