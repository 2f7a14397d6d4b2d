#!/bin/sh
# Passes an article on if unspam lets it: gate.sh [--fail-open|--fail-closed] FILE
#
# Prints the cleaned text and exits with 0, or exits with 1 if the article is rejected or waits
# for a person. If the service cannot be asked, --fail-open prints the article as it is and
# exits with 0; --fail-closed, the default, exits with 75: try again later.
#
# UNSPAM_URL is the service, UNSPAM_TOKEN its token. Needs curl and jq.
set -eu

on_failure=closed
case "${1:-}" in
    --fail-open) on_failure=open; shift ;;
    --fail-closed) shift ;;
esac
article=$1

answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

# The token goes through standard input, so that it stands in no list of processes.
ask() {
    if [ -n "${UNSPAM_TOKEN:-}" ]; then
        printf 'header = "Authorization: Bearer %s"\n' "$UNSPAM_TOKEN"
    fi | curl --config - --silent --fail --connect-timeout 1 --max-time 5 \
        --retry 3 --retry-max-time 10 \
        --header 'Content-Type: text/plain; charset=utf-8' --data-binary @"$article" \
        --output "$answer" "${UNSPAM_URL:-http://127.0.0.1:8787}/v1/clean"
}

if ! ask; then
    if [ "$on_failure" = open ]; then
        echo "gate.sh: not judged, passed on as it is" >&2
        exec cat "$article"
    fi
    echo "gate.sh: not judged, held back" >&2
    exit 75
fi

case $(jq --raw-output .outcome "$answer") in
    accept | clean) jq --join-output .text "$answer" ;;
    *)
        jq --raw-output '"gate.sh: \(.outcome): \(.because)"' "$answer" >&2
        exit 1
        ;;
esac
