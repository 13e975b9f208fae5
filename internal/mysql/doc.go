// Package mysql is gomove's view of one MySQL-compatible server: how to reach it, what it is,
// what it can do, what its errors mean, and how names and values are quoted for it.
//
// Everything that is set on a session is set by the connector (Session), never by a statement on
// a pool that may reconnect.
package mysql
