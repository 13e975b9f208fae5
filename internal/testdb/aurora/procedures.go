package aurora

import (
	"fmt"
	"strings"
)

// procedure is one of the mysql.rds_* procedures. They are real, run with root's rights, and need autocommit.
type procedure struct {
	name, parameters, body string
}

// procedures are the statements that make the tables and the procedures of the version, as far as the Aurora User Guide tells what
// they do. Their result sets and error texts are the stand-in's own.
func (p *Proxy) procedures() (statements []string) {
	statements = []string{
		"CREATE TABLE mysql.rds_configuration (name VARCHAR(100) PRIMARY KEY, value VARCHAR(100), description VARCHAR(300)) ENGINE=InnoDB DEFAULT CHARACTER SET utf8",
		"INSERT INTO mysql.rds_configuration VALUES('binlog retention hours', NULL, 'hours for which binary logs are kept')",
	}
	list := append(p.sessionProcedures(), p.channelProcedures()...)
	if p.line.source {
		list = append(list, p.gtidProcedures()...)
	}
	for _, one := range list {
		statements = append(statements, fmt.Sprintf("CREATE PROCEDURE mysql.%s(%s) BEGIN %s; %s; END", one.name, one.parameters,
			"IF @@autocommit=0 THEN "+signal("autocommit must be 1")+"; END IF", one.body))
	}
	return statements
}

func signal(text string) string {
	return "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT='stand-in: " + text + "'"
}

// run executes a statement that is put together from parameters.
func run(parts ...string) string {
	return "SET @gomove_stand_in=CONCAT(" + strings.Join(parts, ",") + "); PREPARE gomove_stand_in FROM @gomove_stand_in; " +
		"EXECUTE gomove_stand_in; DEALLOCATE PREPARE gomove_stand_in; SET @gomove_stand_in=NULL"
}

func (p *Proxy) sessionProcedures() []procedure {
	most := 168
	if p.line.roles {
		most = 2160 // since version 2.11
	}
	return []procedure{
		{"rds_kill", "IN thread BIGINT", "KILL thread"},
		{"rds_kill_query", "IN thread BIGINT", "KILL QUERY thread"},
		{"rds_show_configuration", "", "SELECT name, value, description FROM mysql.rds_configuration"},
		{"rds_set_configuration", "IN variable VARCHAR(100), IN setting INT",
			"IF variable<>'binlog retention hours' THEN " + signal("no such configuration") + "; END IF;" +
				fmt.Sprintf("IF setting<1 OR setting>%d THEN %s; END IF;", most, signal("binlog retention hours is out of range")) +
				"UPDATE mysql.rds_configuration SET value=setting WHERE name=variable"},
	}
}

// channelProcedures set up and run replication into the cluster. Version 3 says source where the others say master.
func (p *Proxy) channelProcedures() []procedure {
	word, change, replica := "master", "CHANGE MASTER TO ", "SLAVE"
	if p.line.source {
		word, change, replica = "source", "CHANGE REPLICATION SOURCE TO ", "REPLICA"
	}
	set := func(name, value string) string { return "'" + strings.ToUpper(word) + "_" + name + "='," + value }
	comma := "', '"
	return []procedure{
		{"rds_set_external_" + word, "IN host VARCHAR(255), IN port INT, IN user VARCHAR(32), IN pass VARCHAR(255), IN file VARCHAR(255), IN pos BIGINT, IN ssl_on TINYINT",
			run("'"+change+"'", set("HOST", "QUOTE(host)"), comma, set("PORT", "port"), comma, set("USER", "QUOTE(user)"), comma, set("PASSWORD", "QUOTE(pass)"),
				comma, set("LOG_FILE", "QUOTE(file)"), comma, set("LOG_POS", "pos"), comma, set("SSL", "ssl_on"), comma, set("AUTO_POSITION", "0"))},
		{"rds_reset_external_" + word, "", "STOP " + replica + "; RESET " + replica + " ALL"},
		{"rds_start_replication", "", "START " + replica},
		{"rds_stop_replication", "", "STOP " + replica},
		{"rds_skip_repl_error", "", "STOP " + replica + "; SET GLOBAL sql_" + strings.ToLower(replica) + "_skip_counter=1; START " + replica},
		{"rds_next_" + word + "_log", "IN current BIGINT", "SELECT Master_log_name INTO @gomove_file FROM mysql.slave_master_info LIMIT 1;" +
			"IF SUBSTRING_INDEX(@gomove_file,'.',-1)<>current THEN " + signal("this is not the log file that is read") + "; END IF;" +
			"STOP " + replica + ";" + run("'"+change+"'", set("LOG_FILE", "QUOTE(CONCAT(SUBSTRING_INDEX(@gomove_file,'.',1),'.',LPAD(current+1,6,'0')))"), comma, set("LOG_POS", "4")) +
			"; START " + replica},
	}
}

func (p *Proxy) gtidProcedures() []procedure {
	const change = "'CHANGE REPLICATION SOURCE TO "
	list := []procedure{
		// Five arguments: those of RDS for MySQL take a sixth.
		{"rds_set_external_source_with_auto_position", "IN host VARCHAR(255), IN port INT, IN user VARCHAR(32), IN pass VARCHAR(255), IN ssl_on TINYINT",
			run(change+"SOURCE_HOST='", "QUOTE(host)", "', SOURCE_PORT='", "port", "', SOURCE_USER='", "QUOTE(user)", "', SOURCE_PASSWORD='", "QUOTE(pass)",
				"', SOURCE_SSL='", "ssl_on", "', SOURCE_AUTO_POSITION=1'")},
		{"rds_set_source_auto_position", "IN mode INT", "STOP REPLICA; " + run(change+"SOURCE_AUTO_POSITION='", "mode") + "; START REPLICA"},
		{"rds_gtid_purged", "IN gtids LONGTEXT", "SET GLOBAL gtid_purged=gtids"},
		{"rds_assign_gtids_to_anonymous_transactions", "IN setting VARCHAR(64)",
			run(change+"ASSIGN_GTIDS_TO_ANONYMOUS_TRANSACTIONS='", "IF(setting IN ('OFF','LOCAL'),setting,QUOTE(setting))")},
		{"rds_start_replication_until", "IN file VARCHAR(255), IN pos BIGINT", run("'START REPLICA UNTIL SOURCE_LOG_FILE='", "QUOTE(file)", "', SOURCE_LOG_POS='", "pos")},
		{"rds_start_replication_until_gtid", "IN gtids LONGTEXT", run("'START REPLICA UNTIL SQL_AFTER_GTIDS='", "QUOTE(gtids)")},
		{"rds_skip_transaction_with_gtid", "IN gtid VARCHAR(64)", "STOP REPLICA; SET SESSION gtid_next=gtid; COMMIT; SET SESSION gtid_next='AUTOMATIC'; START REPLICA"},
	}
	if p.line.version >= "8.4" { // since 3.06
		list = append(list,
			procedure{"rds_set_binlog_source_ssl", "IN mode TINYINT", run(change+"SOURCE_SSL='", "mode")},
			procedure{"rds_set_read_only", "IN mode TINYINT", "SET GLOBAL read_only=mode"})
	}
	return list
}
