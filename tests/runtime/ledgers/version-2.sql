-- A ledger as version 2 wrote it. It never changes: it shows that later versions can take it over.
BEGIN TRANSACTION;
CREATE TABLE answers (
	source TEXT NOT NULL, 
	fingerprint TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	look_again FLOAT, 
	document TEXT NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "answers" VALUES('shop','1:ab','c0ffee',99.5,'{"health":"Degraded"}');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	source TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	name TEXT NOT NULL, 
	type TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,16.0,'shop','Deployment','shop','web','Warning','Failed','no such image');
CREATE TABLE failures (
	source TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	at FLOAT NOT NULL, 
	message TEXT NOT NULL, 
	PRIMARY KEY (source, resource)
);
INSERT INTO "failures" VALUES('shop','image/web:2',1,16.0,'no such image');
CREATE TABLE notes (
	source TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	name TEXT NOT NULL, 
	word TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	text TEXT NOT NULL, 
	PRIMARY KEY (source, kind, namespace, name, word)
)
 WITHOUT ROWID

;
INSERT INTO "notes" VALUES('shop','Deployment','shop','web','restart',19.5,'');
CREATE TABLE objects (
	source TEXT NOT NULL, 
	kind TEXT NOT NULL, 
	namespace TEXT NOT NULL, 
	name TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	settled FLOAT NOT NULL, 
	PRIMARY KEY (source, kind, namespace, name)
)
 WITHOUT ROWID

;
INSERT INTO "objects" VALUES('shop','Deployment','shop','web','c0ffee','1:aa',15.5);
CREATE TABLE readiness (
	source TEXT NOT NULL, 
	pod TEXT NOT NULL, 
	ready BOOLEAN NOT NULL, 
	since FLOAT NOT NULL, 
	successes INTEGER NOT NULL, 
	failures INTEGER NOT NULL, 
	PRIMARY KEY (source, pod)
);
INSERT INTO "readiness" VALUES('shop','id-1',1,16.0,3,0);
CREATE TABLE resources (
	source TEXT NOT NULL, 
	name TEXT NOT NULL, 
	seen TEXT NOT NULL, 
	at FLOAT NOT NULL, 
	PRIMARY KEY (source, name)
);
INSERT INTO "resources" VALUES('shop','pod/shop.web-1','{"image":"web:1"}',15.5);
CREATE TABLE restarts (
	source TEXT NOT NULL, 
	pod TEXT NOT NULL, 
	name TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	last FLOAT NOT NULL, 
	PRIMARY KEY (source, pod)
);
INSERT INTO "restarts" VALUES('shop','id-1','shop.web-1',1,16.0);
CREATE TABLE runs (
	id INTEGER NOT NULL, 
	source TEXT NOT NULL, 
	revision TEXT NOT NULL, 
	author TEXT NOT NULL, 
	subject TEXT NOT NULL, 
	"trigger" TEXT NOT NULL, 
	started FLOAT NOT NULL, 
	finished FLOAT, 
	outcome TEXT, 
	message TEXT NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES(1,'shop','c0ffee','Ada','Two more replicas','push',10.0,17.0,'Failed','no such image');
CREATE TABLE steps (
	run INTEGER NOT NULL, 
	pass INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	verb TEXT NOT NULL, 
	resource TEXT NOT NULL, 
	owner TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	planned FLOAT NOT NULL, 
	started FLOAT, 
	finished FLOAT, 
	error TEXT NOT NULL, 
	PRIMARY KEY (run, pass, number), 
	FOREIGN KEY(run) REFERENCES runs (id) ON DELETE CASCADE
)
 WITHOUT ROWID

;
INSERT INTO "steps" VALUES(1,1,1,'remove','pod/shop.web-old','Deployment/shop/web','web needs 3 pods',11.0,12.0,13.0,'');
INSERT INTO "steps" VALUES(1,1,2,'create','pod/shop.web-1','Deployment/shop/web','web needs 3 pods',11.0,13.0,15.5,'');
INSERT INTO "steps" VALUES(1,1,3,'pull','image/web:2','','web uses it',11.0,14.0,16.0,'no such image');
CREATE TABLE suspended (
	source TEXT NOT NULL, 
	since FLOAT NOT NULL, 
	PRIMARY KEY (source)
);
INSERT INTO "suspended" VALUES('shop',18.0);
CREATE INDEX runs_of_source ON runs (source, id);
COMMIT;
PRAGMA user_version = 2;
